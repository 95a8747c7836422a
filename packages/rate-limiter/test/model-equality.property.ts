import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '@holdfast/core/testing';
import { MemoryStore, type LimitsOptions, RateLimiter, type RateLimitStore } from '@holdfast/rate-limiter';
import { SqliteStore } from '@holdfast/rate-limiter/sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BetterSqlite3 } from './sqlite/engines.ts';
import { acts, type Dial, limitSetsWithTraits, playActs, playNaively } from './support/traces.ts';

/** The runs share a store, each by a limiter of its own name. */
const stores: readonly [name: string, store: RateLimitStore][] = [
  ['memory', new MemoryStore()],
  ['node:sqlite', new SqliteStore(new DatabaseSync(':memory:'))],
  ['better-sqlite3', new SqliteStore(new BetterSqlite3(':memory:'))],
];

let runs = 0;

function limiterOn(
  store: RateLimitStore,
  limits: LimitsOptions,
  clock: ManualClock,
  dial: Dial,
): RateLimiter {
  runs += 1;
  return new RateLimiter({ name: `run ${runs}`, limits, store, clock, factor: () => dial.factor });
}

describe.each(stores)('a limiter on %s', (_name, store) => {
  it('invariant 3: decides as the naive exact model, whatever its limits are and whatever is done to it', async () => {
    await fc.assert(
      fc.asyncProperty(limitSetsWithTraits, acts, async (limits, trace) => {
        const clock = new ManualClock();
        const dial = { factor: 1 };

        const limiter = limiterOn(store, limits, clock, dial);
        const facts = await playActs(limiter, clock, dial, trace);

        expect(facts).toEqual(playNaively(limits, trace, 0));
        expect(limiter.statistics()).toMatchObject({ storeErrors: 0, decisions: { local: 0 } });
      }),
      { numRuns: 200 },
    );
  });
});
