import type { TieredCacheOptions } from '@holdfast/tiered-cache';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Fate } from '../coherence/coherent-memory-store.ts';
import { Fleet, working } from '../coherence/fleet.ts';
import { ScriptedStore } from '../scripted-store.ts';

const delays = fc.constantFrom(0, 1, 10, 60, 99, 101, 300, Infinity);
const fate: fc.Arbitrary<Fate> = fc.record({
  requestMs: delays,
  replyMs: delays,
  fails: fc.constantFrom(undefined, undefined, 'before' as const, 'after' as const),
});
const read = fc.record({
  do: fc.constantFrom('get', 'read', 'getMany', 'readMany', 'after'),
  key: fc.constantFrom('a', 'b', 'c'),
  afterMs: fc.constantFrom(0, 0, 5, 40, 150, 500),
});
type Reading = typeof read extends fc.Arbitrary<infer One> ? One : never;

const tierTimeoutMs = 100;
const loadMs = 20;
/** The clock moves in steps of 1 ms. */
const slackMs = 2;

/** How long each of the reads took, one after the other or all at once. */
async function durations(
  options: Partial<TieredCacheOptions>,
  fates: readonly Fate[],
  readings: readonly Reading[],
  order: 'alone' | 'together',
): Promise<number[]> {
  // To wait for another process's load is not to wait for a tier, and the answer that gave a lease may be lost.
  const habits = { tierTimeoutMs, leaseWaitMs: 0, staleIfErrorMs: 60_000, ttlMs: 50, ...options };
  await using fleet = new Fleet(0, habits);
  const { clock } = fleet;
  const l3 = new ScriptedStore(clock);
  const { cache, store } = fleet.add({ l3 });
  let next = 0;
  const nextFate = (): Fate => fates[next++ % fates.length] ?? {};
  store.fate = (operation) => (operation === 'read' || operation === 'start' ? working() : nextFate());
  l3.fate = () => {
    const { requestMs: delayMs, fails } = nextFate();
    return fails === 'between' ? { delayMs } : { delayMs, fails };
  };
  const wait = (ms: number): Promise<void> => new Promise((resolve) => void clock.schedule(resolve, ms));
  const load = async (): Promise<number> => {
    await wait(loadMs);
    return 1;
  };
  const loadMany = async (keys: readonly string[]): Promise<ReadonlyMap<string, number>> => {
    await wait(loadMs);
    return new Map(keys.map((key) => [key, 1]));
  };
  const took: number[] = [];
  const ask = async ({ do: what, key }: Reading): Promise<void> => {
    const startedAt = clock.now();
    if (what === 'get') await cache.get(key, load, { tags: ['red'] });
    if (what === 'read') await cache.get(key);
    if (what === 'getMany') await cache.getMany(['a', 'b', key], loadMany);
    if (what === 'readMany') await cache.getMany(['a', 'b', key]);
    if (what === 'after') await cache.get(key, undefined, { after: 10n ** 40n });
    took.push(clock.now() - startedAt);
  };
  const asked: Promise<void>[] = [];
  for (const reading of readings) {
    await clock.advance(reading.afterMs);
    if (order === 'alone') await clock.advance(2_000);
    asked.push(ask(reading));
    if (order === 'alone') await fleet.during(Promise.all(asked));
  }
  await fleet.during(Promise.all(asked));
  return took;
}

const kinds: [string, Partial<TieredCacheOptions>][] = [
  ['with memory', {}],
  ['without memory', { l1: false }],
  ['that accepts what is not verified', { unverified: 'serve' }],
];

const scripts = [
  fc.array(fate, { minLength: 1, maxLength: 10 }),
  fc.array(read, { minLength: 1, maxLength: 10 }),
] as const;

describe('a read', () => {
  it.each(kinds)('waits for all tiers no longer than their timeouts in sum: %s', async (_what, options) => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(...scripts, async (fates, readings) => {
        const took = await durations(options, fates, readings, 'alone');

        expect(Math.max(...took)).toBeLessThanOrEqual(2 * tierTimeoutMs + loadMs + slackMs);
      }),
      { numRuns: 100 },
    );
  });

  // Whoever has spent its patience may share a load that has not.
  it.each(kinds)('waits no longer than twice that among others: %s', async (_what, options) => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(...scripts, async (fates, readings) => {
        const took = await durations(options, fates, readings, 'together');

        expect(Math.max(...took)).toBeLessThanOrEqual(4 * tierTimeoutMs + loadMs + slackMs);
      }),
      { numRuns: 100 },
    );
  });
});
