import { ManualClock } from '@holdfast/core/testing';
import { Health } from '@holdfast/metrics/health';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const threshold = fc.integer({ min: 1, max: 4 });

/** The status after a list of findings, found by looking at the whole list each time. */
function statusAfter(passes: readonly boolean[], failureThreshold: number, successThreshold: number): string {
  let status = 'unknown';
  for (const index of passes.keys()) {
    const row = (wanted: boolean): number => index - passes.slice(0, index + 1).lastIndexOf(!wanted);
    if (passes[index] === true) status = status === 'fail' && row(true) < successThreshold ? 'fail' : 'pass';
    else if (status === 'unknown' || status === 'fail') status = 'fail';
    else status = row(false) >= failureThreshold ? 'fail' : 'warn';
  }
  return status;
}

describe('Health', () => {
  it('has the status that its whole history says, and runs once per interval', async () => {
    const histories = fc.array(fc.boolean(), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        histories,
        threshold,
        threshold,
        async (passes, failureThreshold, successThreshold) => {
          const clock = new ManualClock();
          let runs = 0;
          const check = (): { status: 'pass' | 'fail' } => {
            runs += 1;
            return { status: passes[runs - 1] === true ? 'pass' : 'fail' };
          };
          const health = new Health({
            clock,
            random: () => 0.5,
            checks: [
              { name: 'a', critical: true, check, intervalMs: 100, failureThreshold, successThreshold },
            ],
          });

          health.start();
          await clock.advance(0);
          for (let run = 1; run <= passes.length; run += 1) {
            expect(runs).toBe(run);
            const expected = statusAfter(passes.slice(0, run), failureThreshold, successThreshold);
            expect([health.ready().status, health.report().status]).toEqual([expected, expected]);
            await clock.advance(100);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
