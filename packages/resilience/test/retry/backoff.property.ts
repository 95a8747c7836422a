import { type BackoffOptions, Retry } from '@holdfast/resilience';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const backoffs = fc
  .record({
    initialMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })),
    spanMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
    factor: fc.oneof(fc.constant(2), fc.double({ min: 1, max: 1e6, noNaN: true })),
  })
  .map(({ initialMs, spanMs, factor }) => ({ initialMs, maxMs: initialMs + spanMs, factor }));
const random = fc.double({ min: 0, max: 1, noNaN: true });

/** All the pauses of a call that fails for good, on a clock on which they take no time. */
async function pausesOf(backoff: BackoffOptions, drawn: number, maxRetries: number): Promise<number[]> {
  const clock = {
    now: () => 0,
    epoch: () => 0,
    schedule: (task: () => void) => {
      queueMicrotask(task);
      return () => {};
    },
  };
  const retry = new Retry({ backoff, maxRetries, random: () => drawn, clock });
  const pauses: number[] = [];
  retry.events.subscribe((event) => event.type === 'retried' && pauses.push(event.delayMs));
  await retry.execute(() => Promise.reject(new Error('down'))).catch(() => {});
  return pauses;
}

describe('Retry, backoff', () => {
  it('RT-06: pauses from 0 ms to backoff.maxMs before any of 10,000 retries', async () => {
    const jitter = fc.constantFrom('full', 'equal', 'none');

    await fc.assert(
      fc.asyncProperty(backoffs, jitter, random, async (backoff, kind, drawn) => {
        const pauses = await pausesOf({ ...backoff, jitter: kind }, drawn, 10_000);

        expect(pauses).toHaveLength(10_000);
        expect(pauses.every((pauseMs) => pauseMs >= 0 && pauseMs <= backoff.maxMs)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('RT-07: keeps each jitter within its bounds, and without any pauses no shorter than before', async () => {
    await fc.assert(
      fc.asyncProperty(backoffs, random, async (backoff, drawn) => {
        const [none, equal, full] = await Promise.all([
          pausesOf({ ...backoff, jitter: 'none' }, drawn, 40),
          pausesOf({ ...backoff, jitter: 'equal' }, drawn, 40),
          pausesOf({ ...backoff, jitter: 'full' }, drawn, 40),
        ]);

        for (const [i, longestMs] of none.entries()) {
          expect(longestMs).toBeGreaterThanOrEqual(none[i - 1] ?? 0);
          expect(longestMs).toBeCloseTo(
            Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** i) || 0,
            6,
          );
          expect(equal[i]).toBeGreaterThanOrEqual(longestMs / 2);
          expect(equal[i]).toBeLessThanOrEqual(longestMs);
          expect(full[i]).toBeLessThanOrEqual(longestMs);
        }
      }),
      { numRuns: 100 },
    );
  });
});
