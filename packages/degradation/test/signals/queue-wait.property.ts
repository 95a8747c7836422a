import { QueueWait } from '@holdfast/degradation';
import fc from 'fast-check';
import { expect, it } from 'vitest';

/** What a tenth of a millisecond and less counts as, and one bucket of a quarter of an octave. */
const [smallestMs, bucket] = [0.1, 2 ** 0.25];

/** Not doubles: those are drawn by their bits, so that nearly all of them are next to 0. */
const upTo = (most: number): fc.Arbitrary<number> =>
  fc.nat(most * 1_000).map((thousandths) => thousandths / 1_000);

it('reads a quantile that is exact or up to 19 % too high, whatever waited', () => {
  const waits = fc.array(fc.oneof(upTo(50), upTo(5_000)), { minLength: 1, maxLength: 300 });

  fc.assert(
    fc.property(waits, upTo(1), (all, quantile) => {
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
