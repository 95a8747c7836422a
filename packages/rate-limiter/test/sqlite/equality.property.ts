import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '@holdfast/core/testing';
import { type Ledger, type LimitRule, MemoryStore, type RateLimitStore } from '@holdfast/rate-limiter';
import { SqliteStore } from '@holdfast/rate-limiter/sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anySteps, plans, playOn, saying } from '../redis/support/ledger-traces.ts';

const observer = { failed: () => undefined, lost: () => undefined, recovered: () => undefined };

describe('SqliteStore beside a MemoryStore', () => {
  const sqlite = new SqliteStore(new DatabaseSync(':memory:'));
  let runs = 0;

  const open = (store: RateLimitStore, clock: ManualClock, rules: readonly LimitRule[]): Ledger =>
    store.open({ name: `run ${(runs += 1)}`, rules, clock, observer });

  it('invariant 3: gives the same verdicts, whatever is decided, corrected, taken back, blocked and reset', async () => {
    await fc.assert(
      fc.asyncProperty(plans, anySteps, async (rules, steps) => {
        const [clock, again] = [new ManualClock(), new ManualClock()];
        const inFile = await playOn(open(sqlite, clock, rules), clock, rules, steps);
        const inMemory = await playOn(open(new MemoryStore(), again, rules), again, rules, steps);

        expect(inFile.map(saying)).toEqual(inMemory.map(saying));
        expect(inFile.every(({ source }) => source === 'sqlite')).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
