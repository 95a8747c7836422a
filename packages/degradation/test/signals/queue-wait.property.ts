import { QueueWait } from '@holdfast/degradation';
import fc from 'fast-check';
import { expect, it } from 'vitest';

/** What a tenth of a millisecond and less counts as, and one bucket of a quarter of an octave. */
const [smallestMs, bucket] = [0.1, 2 ** 0.25];

it('reads a quantile that is exact or up to 19 % too high, whatever waited', () => {
  const waits = fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { minLength: 1, maxLength: 300 });

  fc.assert(
    fc.property(waits, fc.double({ min: 0, max: 1, noNaN: true }), (all, quantile) => {
      const signal = new QueueWait({ calmMs: 0, fullMs: 1, quantile });
      for (const each of all) signal.record(each);
      const rank = Math.max(1, Math.ceil(quantile * all.length));
      const exact = all.toSorted((a, b) => a - b)[rank - 1] ?? Number.NaN;
      const read = signal.read();

      expect(read).toBeLessThanOrEqual(exact * bucket + 1e-9);
      expect(read).toBeGreaterThanOrEqual(exact <= smallestMs ? 0 : exact - 1e-9);
    }),
  );
});
