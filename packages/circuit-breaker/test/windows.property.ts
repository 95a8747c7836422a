import { CircuitBreaker, type CountWindowOptions, type TimeWindowOptions } from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { NaiveWindow } from './model/naive-window.ts';

/** A breaker of which only the window matters; it opens if a full one is all failures. */
class Watched {
  readonly clock = new ManualClock();
  readonly #breaker: CircuitBreaker;

  constructor(window: CountWindowOptions | TimeWindowOptions, startAt = 0) {
    this.clock.advanceSync(startAt);
    this.#breaker = new CircuitBreaker({ window, failureRatio: 1, clock: this.clock });
  }

  get sums(): { readonly calls: number; readonly failures: number } {
    const { windowCalls, failureRatio } = this.#breaker.statistics();
    return { calls: windowCalls, failures: Math.round(windowCalls * failureRatio) };
  }

  record(failed: boolean): void {
    const permit = this.#breaker.tryAcquire();
    if (failed) permit?.failure();
    else permit?.success();
  }
}

const step = fc.record({
  waitMs: fc.oneof(fc.constantFrom(0, 1, 9, 10, 11, 99, 100, 101, 1_000), fc.nat(300)),
  failed: fc.boolean(),
});
const steps = fc.array(step, { maxLength: 200, size: 'max' });
const timeWindow = fc.record({
  durationMs: fc.integer({ min: 1, max: 200 }),
  buckets: fc.integer({ min: 1, max: 12 }),
});

describe('window: { calls }', () => {
  it('invariants 1 and 2: has the sums of the last calls, counted afresh', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 50 }), steps, (calls, history) => {
        const [window, naive] = [new Watched({ calls }), new NaiveWindow({ calls })];
        history.forEach(({ failed }, index) => {
          // Every second call succeeds, so that no window is all failures and opens the circuit.
          const fails = failed && index % 2 === 0;
          window.record(fails);
          naive.record(0, fails, false);

          expect(window.sums).toEqual({ calls: naive.sums(0).calls, failures: naive.sums(0).failures });
          expect(window.sums.calls).toBeLessThanOrEqual(calls);
        });
      }),
    );
  });
});

describe('window: { durationMs, buckets }', () => {
  it('invariants 1 and 2: has the sums of the recent buckets, counted afresh', () => {
    fc.assert(
      fc.property(timeWindow, fc.nat(500), steps, (options, startAt, history) => {
        const [window, naive] = [new Watched(options, startAt), new NaiveWindow(options)];
        for (const { waitMs, failed } of history) {
          window.clock.advanceSync(waitMs);
          const now = window.clock.now();
          // A success with each failure, so that no window is all failures and opens the circuit.
          for (const fails of failed ? [false, true] : [false]) {
            window.record(fails);
            naive.record(now, fails, false);
          }

          expect(window.sums).toEqual({ calls: naive.sums(now).calls, failures: naive.sums(now).failures });
        }
      }),
    );
  });

  it('CB-15: counts a call until its age is up, less at most one bucket, and never longer', () => {
    fc.assert(
      fc.property(timeWindow, fc.nat(1_000), fc.nat(400), (options, startAt, ageMs) => {
        const window = new Watched(options, startAt);
        window.record(false);

        window.clock.advanceSync(ageMs);

        const surelyCounted = ageMs <= options.durationMs * (1 - 1 / options.buckets);
        const surelyGone = ageMs >= options.durationMs;
        expect(window.sums.calls).toBeGreaterThanOrEqual(surelyCounted ? 1 : 0);
        expect(window.sums.calls).toBeLessThanOrEqual(surelyGone ? 0 : 1);
      }),
    );
  });

  it('CB-17: loses nothing to a clock that goes back', () => {
    let now = 1_000;
    const clock = { now: () => now, epoch: () => 0, schedule: () => () => {} };
    const breaker = new CircuitBreaker({ window: { durationMs: 100, buckets: 10 }, clock });
    const callsAt = (at: number): number => {
      now = at;
      return breaker.statistics().windowCalls;
    };
    breaker.tryAcquire()?.failure();
    now = 950;
    breaker.tryAcquire()?.failure();

    expect([0, 1_099, 1_100].map(callsAt)).toEqual([2, 2, 0]);
  });
});
