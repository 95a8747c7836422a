import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ExponentialSketch } from '@holdfast/metrics/sla';

const exact = (sorted: readonly number[], ratio: number): number =>
  sorted[Math.max(1, Math.ceil(ratio * sorted.length)) - 1] ?? Number.NaN;

const inRange = fc.oneof(
  fc.double({ min: 2 ** -9, max: 2 ** 20, noNaN: true }),
  // Bounds of buckets, where rounding would show.
  fc.integer({ min: -319, max: 670 }).map((index) => 2 ** (index / 32)),
  fc.integer({ min: -9, max: 20 }).map((power) => 2 ** power),
  fc.double({ min: 1, max: 2, noNaN: true }),
);
const samples = fc.array(inRange, { minLength: 1, maxLength: 300 });
const ratio = fc.oneof(fc.constantFrom(0, 0.5, 0.95, 0.99, 1), fc.double({ min: 0, max: 1, noNaN: true }));

/** Half the width of a bucket over its middle. */
const maxError = (2 ** (1 / 32) - 1) / (2 ** (1 / 32) + 1);

const sketchOf = (values: readonly number[]): ExponentialSketch => {
  const sketch = new ExponentialSketch();
  for (const value of values) sketch.add(value);
  return sketch;
};

describe('ExponentialSketch', () => {
  it('knows every quantile to 1.1 % of what a sorted list has', () => {
    expect(maxError).toBeLessThan(0.011);
    fc.assert(
      fc.property(samples, ratio, (values, wanted) => {
        const expected = exact(
          values.toSorted((a, b) => a - b),
          wanted,
        );
        const error = Math.abs((sketchOf(values).quantile(wanted) ?? 0) - expected) / expected;
        expect(error).toBeLessThanOrEqual(maxError + 1e-12);
      }),
      { numRuns: 500 },
    );
  });

  it('puts a value into the bucket that the logarithm names, upper bound inside', () => {
    fc.assert(
      fc.property(inRange, (value) => {
        const middle = sketchOf([value]).quantile(0.5) ?? 0;
        const bucket = Math.round(Math.log2(middle) * 32 - 0.5);
        // The bounds are irrational, so rounding may put a value next to one on either side of it.
        expect(value).toBeGreaterThan(2 ** (bucket / 32) * (1 - 1e-15));
        expect(value).toBeLessThanOrEqual(2 ** ((bucket + 1) / 32) * (1 + 1e-15));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([2 ** -9, 1, 2, 1024, 2 ** (1 / 32), 2 ** (77 / 32)])(
    'has %d at the top of its bucket',
    (bound) => {
      const at = sketchOf([bound]).quantile(1);

      expect(at).toBe(sketchOf([bound * (1 - 1e-9)]).quantile(1));
      expect(at).toBeLessThan(sketchOf([bound * (1 + 1e-9)]).quantile(1) ?? 0);
    },
  );

  it('adds up: merged sketches are the sketch of everything', () => {
    fc.assert(
      fc.property(samples, samples, ratio, (first, second, wanted) => {
        const merged = sketchOf(first);
        merged.merge(sketchOf(second));
        const whole = sketchOf([...first, ...second]);

        expect([merged.count, merged.quantile(wanted)]).toEqual([whole.count, whole.quantile(wanted)]);
      }),
    );
  });

  it('counts what is out of range in the nearest bucket', () => {
    expect(sketchOf([0, -1, 1e-9]).quantile(1)).toBe(sketchOf([2 ** -10]).quantile(1));
    expect(sketchOf([1e12, Infinity]).quantile(0)).toBe(sketchOf([2 ** 21]).quantile(1));
  });

  it('knows nothing without numbers, and after being cleared', () => {
    const sketch = sketchOf([1, 2, 3]);
    sketch.clear();

    expect(sketch.quantile(0.5)).toBeUndefined();
    sketch.add(7);
    expect(sketch.quantile(0)).toBeCloseTo(7, 0);
  });
});
