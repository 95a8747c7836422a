import { ManualClock } from '@holdfast/core/testing';
import type { LimitRule, RuleGroup } from '@holdfast/rate-limiter';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalLedger } from '../../src/outage/local-ledger.ts';
import { ruleOf } from '../redis/support/rules.ts';

const alice = ['alice'];

function ledgerOf(rules: readonly LimitRule[], shareRatio = 1, clock = new ManualClock()): LocalLedger {
  return new LocalLedger(clock, rules, { shareRatio, probeIntervalMs: 700, maxSubjects: 100 });
}

const groupOf = (...rules: readonly LimitRule[]): readonly RuleGroup[] => [{ scope: 'user', rules }];

describe('LocalLedger', () => {
  it('invariant 11: admits, over all processes that are cut off, at most the limit and one more per process in any window', () => {
    const calls = fc.array(
      fc.record({
        process: fc.nat(7),
        gapMs: fc.integer({ min: 0, max: 300 }),
        cost: fc.integer({ min: 1, max: 4 }),
      }),
      { maxLength: 200, size: 'max' },
    );
    const instances = fc.integer({ min: 1, max: 8 });
    const limits = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 33, max: 60 }));

    fc.assert(
      fc.property(instances, limits, calls, (count, limit, trace) => {
        const clock = new ManualClock();
        const rule = ruleOf({ limit });
        const ledgers = Array.from({ length: count }, () => ledgerOf([rule], 1 / count, clock));
        const admitted: { readonly at: number; readonly cost: number }[] = [];

        for (const { process, gapMs, cost } of trace) {
          clock.advanceSync(gapMs);
          const ledger = ledgers[process % count] as LocalLedger;
          const { chargedAt } = ledger.decide(groupOf(rule), alice, cost, 1);
          if (chargedAt !== undefined) admitted.push({ at: clock.now(), cost });
        }

        for (const { at } of admitted) {
          const inWindow = admitted.filter((each) => each.at > at - rule.windowMs && each.at <= at);
          expect(inWindow.reduce((sum, each) => sum + each.cost, 0)).toBeLessThanOrEqual(limit + count);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('admits whatever comes under an open limit, and still counts the others', () => {
    const open = ruleOf({ onStoreError: 'open', limit: 2 });
    const local = ruleOf({ name: 'other', limit: 3, index: 1 });
    const ledger = ledgerOf([open, local]);
    const decide = () => ledger.decide(groupOf(open, local), alice, 1, 1);

    expect([decide(), decide(), decide(), decide()].map(({ readings }) => Array.from(readings))).toEqual([
      [0, 2, 0, 0, 0, 2, 0, 1_000],
      [0, 2, 0, 0, 0, 1, 0, 1_000],
      [0, 2, 0, 0, 0, 0, 1_000, 1_000],
      [0, 2, 0, 0, 1, 0, 1_000, 1_000],
    ]);
  });

  it('admits nothing under a closed limit, charges nothing, and asks to wait for the next probe', () => {
    const closed = ruleOf({ onStoreError: 'closed' });
    const local = ruleOf({ name: 'other', index: 1 });
    const ledger = ledgerOf([closed, local]);

    expect(ledger.decide(groupOf(closed, local), alice, 1, 1)).toEqual({
      source: 'local',
      readings: [1, 0, 700, 0, 0, 10, 0, 0],
      blockedMs: 0,
      chargedAt: undefined,
    });
  });

  it('asks to wait for the next probe where only the share is too small', () => {
    const rule = ruleOf();
    const ledger = ledgerOf([rule], 0.25);

    expect(ledger.decide(groupOf(rule), alice, 4, 1).readings[2]).toBe(700);
    expect(ledger.decide(groupOf(rule), alice, 11, 1).readings[2]).toBe(Infinity);
  });

  it('begins with its share of what the store knew, unless more is known here', () => {
    const rule = ruleOf();
    const ledger = ledgerOf([rule], 0.5);
    const group = { scope: 'user', rules: [rule] };
    const left = (): number => ledger.decide([group], alice, 0, 1).readings[1] as number;

    ledger.seed(group, 'alice', [5]);
    expect(left()).toBe(2);
    ledger.seed(group, 'alice', [3]);
    expect(left()).toBe(2);
    ledger.seed(group, 'alice', [10]);
    expect(left()).toBe(0);
  });

  it('shares the burst of a smooth limit as well', () => {
    const rule = ruleOf({ mode: 'smooth', limit: 10, burst: 4 });
    const ledger = ledgerOf([rule], 0.5);

    expect(ledger.decide(groupOf(rule), alice, 0, 1).readings[1]).toBe(2);
  });

  it('keeps a block that was made before', () => {
    const rule = ruleOf();
    const ledger = ledgerOf([rule]);

    ledger.block('user', 'alice', 300);

    expect(ledger.decide(groupOf(rule), alice, 1, 1).blockedMs).toBe(300);
    ledger.block('user', 'alice', 0);
    expect(ledger.decide(groupOf(rule), alice, 1, 1).blockedMs).toBe(0);
  });
});
