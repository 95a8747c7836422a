import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Metrics } from '@holdfast/metrics';
import { samplesOf } from './model/readings.ts';

const help = 'Something that matters';
const edges = fc.constantFrom(-1, 0, 0.1, 0.5, 1, 2.5, 10, Number.NaN, Infinity, -Infinity, Number.MIN_VALUE);
const numbers = fc.array(fc.oneof(edges, fc.double({ min: -5, max: 20 })), { maxLength: 100 });

describe('Counter', () => {
  it('is the sum of what it could take', () => {
    fc.assert(
      fc.property(numbers, (amounts) => {
        const counter = new Metrics().counter('a_total', { help });
        for (const amount of amounts) counter.add(amount);

        const taken = amounts.filter((amount) => amount >= 0 && Number.isFinite(amount));
        expect(counter.value).toBe(taken.reduce((sum, amount) => sum + amount, 0));
      }),
    );
  });
});

describe('Histogram', () => {
  const buckets = fc
    .uniqueArray(
      fc.oneof(fc.constantFrom(0, 0.1, 0.5, 1, 2.5, 10), fc.double({ min: -2, max: 15, noNaN: true })),
      {
        minLength: 1,
        maxLength: 20,
      },
    )
    .map((bounds) => bounds.map((bound) => bound + 0).toSorted((a, b) => a - b))
    .filter((bounds) => new Set(bounds).size === bounds.length);

  it('counts in each bucket what a list of all observations has at or below its bound', () => {
    fc.assert(
      fc.property(buckets, numbers, (bounds, values) => {
        const histogram = new Metrics().histogram('a', { help, buckets: bounds });
        for (const value of values) histogram.observe(value);

        const taken = values.filter(Number.isFinite);
        const { cumulative, count, sum } = histogram.read();
        expect(cumulative).toEqual(bounds.map((bound) => taken.filter((value) => value <= bound).length));
        expect(count).toBe(taken.length);
        expect(sum).toBe(taken.reduce((total, value) => total + value, 0));
      }),
    );
  });
});

describe('Labelled', () => {
  it('keeps totals right and series few, whatever the label values', () => {
    const updates = fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.string({ maxLength: 2 }), fc.nat(9)), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(updates, fc.integer({ min: 1, max: 20 }), (list, maxSeries) => {
        const metrics = new Metrics({ maxSeries });
        const counter = metrics.counter('a_total', { help, labels: ['x', 'y'] });
        for (const [x, y, amount] of list) counter.with({ x, y }).add(amount);

        const samples = samplesOf(metrics, 'a_total');
        const total = list.reduce((sum, [, , amount]) => sum + amount, 0);
        expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(total);
        expect(samples.length).toBeLessThanOrEqual(maxSeries + 1);
        expect(new Set(samples.map(({ labels }) => JSON.stringify(labels))).size).toBe(samples.length);
      }),
    );
  });
});
