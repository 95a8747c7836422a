import type { Execution, Policy } from '@holdfast/core';
import { settle } from '@holdfast/core/testing';
import type { ICache, TieredCacheOptions } from '@holdfast/tiered-cache';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ScriptedStore } from '../scripted-store.ts';
import { CoherentMemoryStore, coherentTier } from './coherent-memory-store.ts';
import { Fleet, type Node } from './fleet.ts';

const changes = ['delete', 'set', 'expire', 'deleteTag', 'expireTag', 'clear'] as const;
const outcomes = changes.flatMap((change) => [[change, 'taken'] as const, [change, 'not taken'] as const]);

type Outcome = (typeof outcomes)[number][1];

let fleet: Fleet;
let a: Node;
let b: Node;
let truth: string;
/** Whether the first process leaves the shared tier alone, but for what has begun. */
let isShut: boolean;
let durable: ScriptedStore;

const guard: Policy = {
  execute: async (operation) => {
    if (isShut) throw new Error('shut');
    return operation({} as Execution);
  },
};

async function start(tiers: (shared: ICache) => Partial<TieredCacheOptions>): Promise<Node> {
  const store = new CoherentMemoryStore(fleet.server);
  const { cache } = fleet.add(tiers(coherentTier(store)));
  await fleet.during(cache.get('warm', () => 1));
  await settle();
  return { cache, store };
}

const later = (value: string, ms: number): Promise<string> =>
  new Promise((resolve) => void fleet.clock.schedule(() => resolve(value), ms));

/** The first process begins to change the key, which takes 150 ms. */
function begin(change: (typeof changes)[number], outcome: Outcome = 'taken'): Promise<unknown> {
  truth = 'new';
  const fails = outcome === 'taken' ? undefined : 'before';
  a.store.fate = (operation) =>
    ({ read: {}, acquire: {}, get: { replyMs: 200 } })[operation] ?? { requestMs: 150, fails };
  if (change === 'set') return a.cache.set('key', truth, { tags: ['red'] });
  if (change === 'deleteTag' || change === 'expireTag') return a.cache[change]('red');
  return change === 'clear' ? a.cache.clear() : a.cache[change]('key');
}

/** As {@link begin}, and the durable tier is filled with the old value by the second process after it has been told. */
async function beginOvertaken(
  change: (typeof changes)[number],
  outcome?: Outcome,
): Promise<{ readonly end: Promise<unknown> }> {
  const loading = b.cache.get('key', () => later(truth, 50), { tags: ['red'] });
  await fleet.clock.advance(10);
  const end = begin(change, outcome);
  await fleet.clock.advance(50);
  expect(await loading).toBe('old');
  return { end };
}

beforeEach(() => {
  truth = 'old';
  isShut = false;
  fleet = new Fleet(0);
  durable = new ScriptedStore(fleet.clock);
});

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

describe('what a durable tier is filled with while the own process changes the key', () => {
  it.each(outcomes)('is not given out from the call on, nor held: %s, %s', async (change, outcome) => {
    a = await start((shared) => ({ l2: { cache: shared, guard }, l3: durable }));
    b = await start((shared) => ({ l2: shared, l3: durable }));
    const { end } = await beginOvertaken(change, outcome);
    isShut = true;
    expect(await a.cache.get('key')).toBeUndefined();
    await fleet.clock.advance(600);
    await end;

    expect(a.cache.peek('key')).toBe(change === 'set' ? 'new' : undefined);
  });

  it.each(outcomes)(
    'is not held for a read that ends after the change, before the shared tier is asked: %s, %s',
    async (change, outcome) => {
      a = await start((shared) => ({ l2: durable, l3: shared }));
      b = await start((shared) => ({ l2: durable, l3: shared }));
      const { end } = await beginOvertaken(change, outcome);
      const reading = a.cache.getMany(['key', 'another that only the slow tier can tell of']);
      await fleet.clock.advance(600);
      await end;

      expect((await reading).get('key')).not.toBe('old');
      expect(a.cache.peek('key')).toBe(change === 'set' ? 'new' : undefined);
    },
  );
});

describe('a load that begins while the own process changes the key, and the shared tier is left alone', () => {
  const ends: [when: string, loadMs: number][] = [
    ['before', 10],
    ['after', 200],
  ];

  const anyEnds = ends.flatMap((end) => [[...end, 'taken'] as const, [...end, 'not taken'] as const]);

  it.each(anyEnds)(
    'does not stand in the way of a value that is set, if it ends %s that: after %i ms, %s',
    async (_when, loadMs, outcome) => {
      a = await start((shared) => ({ l2: { cache: shared, guard } }));
      const end = begin('set', outcome);
      isShut = true;
      const loading = a.cache.get('key', () => later('loaded', loadMs));
      await fleet.clock.advance(600);
      await end;

      expect([await loading, a.cache.peek('key')]).toEqual(['loaded', 'new']);
    },
  );

  it.each(ends)('is not held beyond a delete with settleMs, if it ends %s that', async (_when, loadMs) => {
    a = await start((shared) => ({ settleMs: 1_000, l2: { cache: shared, guard } }));
    const end = begin('delete');
    isShut = true;
    const loading = a.cache.get('key', () => later('from a replica that lags', loadMs));
    await fleet.clock.advance(600);
    await end;

    expect([await loading, a.cache.peek('key')]).toEqual(['from a replica that lags', undefined]);
  });
});

describe('a change that is made good later', () => {
  it.each(['delete', 'set', 'expire', 'clear'] as const)(
    'is known to its process from then on, before the log tells it: %s',
    async (change) => {
      a = await start((shared) => ({ l1: false, l2: shared, l3: durable }));
      b = await start((shared) => ({ l2: shared, l3: durable }));
      const { end } = await beginOvertaken(change, 'not taken');
      await fleet.clock.advance(150);
      await end;
      a.store.fate = (operation) => (operation === 'read' ? { replyMs: 150 } : {});
      await fleet.clock.advance(1_000);

      expect(a.cache.statistics().tiers.l2).toMatchObject({ queued: 0 });
      expect(await a.cache.get('key')).toBeUndefined();
    },
  );
});
