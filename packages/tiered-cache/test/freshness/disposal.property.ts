import { settle } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Fate } from '../coherence/coherent-memory-store.ts';
import { Fleet } from '../coherence/fleet.ts';
import { ScriptedStore } from '../scripted-store.ts';

const action = fc.constantFrom(
  'get',
  'hang',
  'leave',
  'read',
  'getMany',
  'set',
  'delete',
  'expire',
  'deleteTag',
  'clear',
  'entry',
);
const delays = fc.constantFrom(0, 1, 20, 120, 400);
const fate: fc.Arbitrary<Fate> = fc.record({
  requestMs: delays,
  replyMs: delays,
  fails: fc.constantFrom(undefined, undefined, 'before' as const, 'after' as const),
});
const options = fc.constantFrom(
  {},
  { l1: false as const },
  { ttlMs: 30, staleWhileRevalidateMs: 1_000, staleIfErrorMs: 1_000 },
  { ttlMs: 100, earlyRefresh: { atRatio: 0.5 } },
  { leaseMs: 100, leaseWaitMs: 500 },
);

/** Timers and callers that are left when the caches are disposed in the middle of everything. */
async function leftovers(
  more: Partial<ConstructorParameters<typeof Fleet>[1]>,
  actions: readonly string[],
  fates: readonly Fate[],
  afterMs: number,
): Promise<unknown> {
  const fleet = new Fleet(0, more);
  const { clock } = fleet;
  let next = 0;
  const nextFate = (): Fate => fates[next++ % fates.length] ?? {};
  for (let index = 0; index < 2; index += 1) {
    const l3 = new ScriptedStore(clock);
    fleet.add({ l3 }).store.fate = nextFate;
    l3.fate = () => ({ delayMs: nextFate().requestMs });
  }
  let waiting = 0;
  const wait = (ms: number): Promise<void> => new Promise((resolve) => void clock.schedule(resolve, ms));
  const leaving = new AbortController();
  for (const [index, what] of actions.entries()) {
    const node = fleet.nodes[index % 2];
    if (node === undefined) break;
    const { cache } = node;
    const doing: Record<string, () => Promise<unknown>> = {
      get: () => cache.get('key', () => wait(10).then(() => 1), { tags: ['red'] }),
      hang: () => cache.get('hanging', () => new Promise(() => undefined)),
      leave: () => cache.get('left', () => new Promise(() => undefined), { signal: leaving.signal }),
      read: () => cache.get('key'),
      getMany: () => cache.getMany(['key', 'other'], async (keys) => new Map(keys.map((key) => [key, 1]))),
      set: () => cache.set('key', 1, { tags: ['red'] }),
      delete: () => cache.delete('key'),
      expire: () => cache.expire('key'),
      deleteTag: () => cache.deleteTag('red'),
      clear: () => cache.clear(),
      entry: () => cache.entry('key'),
    };
    const end = (): void => {
      waiting -= what === 'hang' ? 0 : 1;
    };
    waiting += what === 'hang' ? 0 : 1;
    doing[what]?.().then(end, end);
    await clock.advance(3);
  }
  await clock.advance(afterMs);
  leaving.abort(new Error('left'));
  const disposed = Promise.all(fleet.nodes.map(({ cache }) => cache[Symbol.asyncDispose]()));
  const state = { isDisposed: false };
  void disposed.then(() => (state.isDisposed = true));
  for (let ms = 0; ms < 1_000 && !state.isDisposed; ms += 5) await clock.advance(5);
  // What still takes its time is the server and the source, not the cache.
  await clock.advance(3_000);
  await settle();
  return { ...state, timers: clock.pending(), waiting };
}

describe('a cache that is disposed in the middle of everything', () => {
  it('leaves no timer and nobody waiting but for a loader that never ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        options,
        fc.array(action, { maxLength: 12 }),
        fc.array(fate, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(0, 5, 50, 300),
        async (more, actions, fates, afterMs) => {
          expect(await leftovers(more, actions, fates, afterMs)).toEqual({
            isDisposed: true,
            timers: 0,
            waiting: 0,
          });
        },
      ),
      { numRuns: 150 },
    );
  });
});
