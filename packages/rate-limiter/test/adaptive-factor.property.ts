import { AdaptiveFactor } from '@holdfast/rate-limiter';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const scores = fc.array(fc.oneof(fc.double(), fc.constantFrom(0, 0.7, 0.75, 0.85, 0.9, 1)), {
  maxLength: 200,
});

function factorsOf(samples: readonly number[], min: number): number[] {
  let score = 0;
  const factor = new AdaptiveFactor({ score: () => score, min });
  return samples.map((sample) => {
    score = sample;
    factor.sample();
    return factor.factor;
  });
}

describe('AdaptiveFactor', () => {
  it('stays from min to 1, whatever the score', () => {
    fc.assert(
      fc.property(scores, fc.double({ min: 0.01, max: 1, noNaN: true }), (samples, min) => {
        for (const factor of factorsOf(samples, min)) expect(factor >= min && factor <= 1).toBe(true);
      }),
    );
  });

  it('never changes by more than a fifth down or 0.05 up in one sample', () => {
    fc.assert(
      fc.property(scores, (samples) => {
        const factors = [1, ...factorsOf(samples, 0.01)];
        for (const [i, factor] of factors.slice(1).entries()) {
          const before = factors[i] ?? 1;
          expect(factor).toBeGreaterThanOrEqual(before * 0.8 - 1e-12);
          expect(factor).toBeLessThanOrEqual(before + 0.05 + 1e-12);
        }
      }),
    );
  });

  it('is back at 1 after a hundred quiet samples for all that it lost', () => {
    fc.assert(
      fc.property(scores, (samples) => {
        const calm = Array.from({ length: 100 }, () => 0);
        expect(factorsOf([...samples, ...calm], 0.1).at(-1)).toBe(1);
      }),
    );
  });
});
