import { ManualClock } from '@holdfast/core/testing';
import { RetryBudget } from '@holdfast/resilience';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

type Step = 'call' | 'retry' | number;

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant('call' as const) },
  { weight: 6, arbitrary: fc.constant('retry' as const) },
  { weight: 1, arbitrary: fc.constantFrom(1, 100, 333, 1_000, 10_000) },
);

describe('RetryBudget', () => {
  it('invariant 21: never grants more in any span than calls, savings and time earn', () => {
    const terms = fc.record({
      ratio: fc.constantFrom(0, 0.1, 0.2, 1),
      minPerSecond: fc.constantFrom(0, 0.5, 3),
      maxSaved: fc.constantFrom(1, 5, 100),
    });

    fc.assert(
      fc.property(terms, fc.array(step, { maxLength: 300 }), (options, steps) => {
        const clock = new ManualClock();
        const budget = new RetryBudget({ ...options, clock });
        const log: { at: number; calls: number; granted: number }[] = [{ at: 0, calls: 0, granted: 0 }];
        let calls = 0;
        let granted = 0;
        for (const each of steps) {
          if (typeof each === 'number') clock.advanceSync(each);
          else if (each === 'call') {
            budget.earn();
            calls += 1;
          } else if (budget.trySpend()) granted += 1;
          log.push({ at: clock.now(), calls, granted });
        }

        for (const [i, from] of log.entries()) {
          const earned = options.ratio * (calls - from.calls) + (i === 0 ? 0 : options.maxSaved);
          const { minPerSecond } = options;
          const atOnce = i === 0 || minPerSecond === 0 ? minPerSecond : Math.max(1, minPerSecond);
          const free = atOnce + (minPerSecond * (clock.now() - from.at)) / 1_000;

          expect(granted - from.granted).toBeLessThanOrEqual(earned + free + 1e-6);
        }
      }),
    );
  });
});
