import { ManualClock } from '@holdfast/core/testing';
import { ClientThrottle } from '@holdfast/degradation';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const windowMs = 12_000;
const overloaded = Object.assign(new Error('overloaded'), { status: 503 });

interface Step {
  readonly waitMs: number;
  readonly accepts: boolean;
  readonly drawn: number;
}

const steps = fc.array(
  fc.record<Step>({
    waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 })),
    accepts: fc.boolean(),
    // Not a double: those are drawn by their bits, so that nearly all of them are next to 0.
    drawn: fc.nat(999).map((thousandths) => thousandths / 1_000),
  }),
  { maxLength: 80 },
);

describe('ClientThrottle', () => {
  it('holds back by the formula over attempts that are never older than the window', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const clock = new ManualClock();
        let drawn = 0;
        const throttle = new ClientThrottle({ clock, windowMs, buckets: 12, random: () => drawn });
        const seen: { readonly at: number; readonly accepted: boolean }[] = [];
        for (const { waitMs, accepts, drawn: lot } of history) {
          clock.advanceSync(waitMs);
          drawn = lot;
          const operation = (): boolean => {
            if (!accepts) throw overloaded;
            return true;
          };
          const accepted = await throttle.execute(operation).catch(() => false);
          seen.push({ at: clock.now(), accepted });
          // A bucket is a second long: the oldest second of the window may be gone already.
          const ofLate = seen.filter(
            ({ at }) => Math.floor(at / 1_000) > Math.floor(clock.now() / 1_000) - 12,
          );
          const takenOn = ofLate.filter((each) => each.accepted).length;
          const expected = (ofLate.length - 2 * takenOn) / (ofLate.length + 1);
          const { heldBackRatio } = throttle.statistics();

          expect(heldBackRatio).toBeCloseTo(Math.min(0.9, Math.max(0, expected)), 10);
        }
      }),
    );
  });
});
