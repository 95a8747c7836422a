import { Bulkhead } from '@holdfast/bulkhead';
import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface Round {
  readonly calls: number;
  readonly tookMs: number;
  readonly outcome: 'success' | 'overload' | 'ignored';
}

const someRounds = fc.array(
  fc.record<Round>({
    calls: fc.integer({ min: 1, max: 60 }),
    tookMs: fc.constantFrom(0, 0.1, 1, 10, 50, 200, 5_000),
    outcome: fc.constantFrom('success', 'success', 'success', 'overload', 'ignored'),
  }),
  { maxLength: 80, size: 'max' },
);

const someBounds = fc
  .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }))
  .map((values) => values.toSorted((one, other) => one - other))
  .map(([min = 1, initial = 1, max = 1]) => ({ min, initial, max, windowMs: 10, minSamples: 5 }));

/** The limits that a bulkhead goes through while rounds of calls run in it. */
function limitsOf(bounds: object, rounds: readonly Round[]): readonly number[] {
  const clock = new ManualClock();
  const bulkhead = new Bulkhead({ limit: { probeIntervalMs: 100, ...bounds }, clock });
  const limits = [bulkhead.limit];
  for (const { calls, tookMs, outcome } of rounds) {
    const permits = Array.from({ length: calls }, () => bulkhead.tryAcquire());
    clock.advanceSync(tookMs);
    for (const permit of permits) permit?.release(outcome);
    expect(bulkhead.running).toBe(0);
    limits.push(bulkhead.limit);
  }
  return limits;
}

describe('limit: auto', () => {
  it('invariant 20: is a whole number within its bounds whatever happens, and the same for the same calls', () => {
    fc.assert(
      fc.property(someBounds, someRounds, (bounds, rounds) => {
        const limits = limitsOf(bounds, rounds);

        expect(
          limits.every((limit) => Number.isInteger(limit) && limit >= bounds.min && limit <= bounds.max),
        ).toBe(true);
        expect(limitsOf(bounds, rounds)).toEqual(limits);
      }),
    );
  });
});
