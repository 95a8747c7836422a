import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitBreakerSnapshot,
} from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface Recovered {
  readonly clock: ManualClock;
  readonly breaker: CircuitBreaker;
}

/** A breaker that has just recovered. */
function recovered(options: CircuitBreakerOptions): Recovered {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({
    name: 'billing',
    window: { calls: 1 },
    openForMs: 10,
    jitterRatio: 0,
    halfOpen: { calls: 1 },
    clock,
    ...options,
  });
  breaker.tryAcquire()?.failure();
  clock.advanceSync(10);
  breaker.tryAcquire()?.success();
  return { clock, breaker };
}

const admitted = (breaker: CircuitBreaker, calls: number): number =>
  Array.from({ length: calls }, () => breaker.tryAcquire()).filter((permit) => permit !== undefined).length;

describe('CircuitBreakerOptions.ramp', () => {
  it('lets a growing share of the calls through after a recovery', () => {
    const { breaker, clock } = recovered({ ramp: { durationMs: 1_000, startRatio: 0.5 } });

    const shares = [0, 250, 250, 250, 250].map((waitMs) => {
      clock.advanceSync(waitMs);
      return admitted(breaker, 100);
    });

    expect(shares).toEqual([51, 62, 75, 88, 100]);
  });

  it('goes on when the window is changed meanwhile', () => {
    const { breaker, clock } = recovered({ ramp: { durationMs: 1_000, startRatio: 0.5 } });
    clock.advanceSync(500);

    breaker.update({ window: { calls: 10 } });

    expect(admitted(breaker, 100)).toBe(76);
  });

  it('goes on in the breaker that goes on where this one was', () => {
    const ramp = { durationMs: 1_000, startRatio: 0.5 };
    const { breaker, clock } = recovered({ ramp });
    const saved = JSON.stringify(breaker.snapshot());
    clock.advanceSync(500);
    const shareAfter = (options: CircuitBreakerOptions): number => {
      const next = new CircuitBreaker({ clock, ...options });
      next.restore(JSON.parse(saved) as CircuitBreakerSnapshot);
      return admitted(next, 100);
    };

    expect(shareAfter({ ramp })).toBe(76);
    expect(shareAfter({})).toBe(100);
    expect(shareAfter({ ramp: { ...ramp, durationMs: 250 } })).toBe(51);
    clock.advanceSync(500);
    expect(shareAfter({ ramp })).toBe(100);
  });

  it('begins with a tenth by default', () => {
    const { breaker } = recovered({ ramp: { durationMs: 1_000 } });

    expect([admitted(breaker, 1), admitted(breaker, 100)]).toEqual([1, 10]);
  });

  it('refuses the others until it is over, and says so', () => {
    const { breaker, clock } = recovered({ ramp: { durationMs: 1_000 } });
    admitted(breaker, 2);
    clock.advanceSync(100);

    expect(breaker.refusal()).toMatchObject({
      message: 'billing is recovering',
      state: 'closed',
      retryAfterMs: 900,
    });
    expect([breaker.state, breaker.admitting]).toEqual(['closed', true]);
    clock.advanceSync(900);
    expect(breaker.refusal()).toMatchObject({ retryAfterMs: 0 });
  });

  it('ends when the circuit opens again, and begins anew with the next recovery', () => {
    const { breaker, clock } = recovered({ ramp: { durationMs: 1_000 } });
    breaker.tryAcquire()?.failure();
    expect(breaker.state).toBe('open');
    clock.advanceSync(20);

    breaker.tryAcquire()?.success();

    expect(admitted(breaker, 101)).toBe(11);
  });

  it('follows a recovery only', () => {
    const { breaker } = recovered({ ramp: { durationMs: 1_000 } });

    breaker.reset();
    expect(admitted(breaker, 100)).toBe(100);
    breaker.isolate()[Symbol.dispose]();
    expect(admitted(breaker, 100)).toBe(100);
  });

  it('still opens on calls that are slow already', () => {
    const { breaker, clock } = recovered({
      ramp: { durationMs: 1_000 },
      slow: { afterMs: 10, ratio: 1 },
    });
    breaker.tryAcquire();
    clock.advanceSync(10);

    breaker.tryAcquire();

    expect(breaker.state).toBe('open');
  });

  it('lets as many calls through as their shares add up to, give or take one', () => {
    const terms = fc.record({
      durationMs: fc.integer({ min: 1, max: 1_000 }),
      startRatio: fc.double({ min: 0.01, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(terms, fc.array(fc.nat(50), { maxLength: 200 }), (ramp, waits) => {
        const { breaker, clock } = recovered({ ramp });
        const startAt = clock.now();
        let through = 0;
        let shares = 0;
        for (const waitMs of waits) {
          clock.advanceSync(waitMs);
          const passed = Math.min(1, (clock.now() - startAt) / ramp.durationMs);
          shares += ramp.startRatio + (1 - ramp.startRatio) * passed;
          through += admitted(breaker, 1);

          expect(through - shares).toBeLessThan(1 + 1e-6);
          expect(through - shares).toBeGreaterThan(-1e-6);
        }
      }),
    );
  });

  it.each([
    [{ durationMs: 0 }, 'ramp.durationMs must be a finite number of milliseconds of at least 1, got 0'],
    [{ durationMs: 1, startRatio: 0 }, 'ramp.startRatio must be a number over 0, up to 1, got 0'],
  ])('refuses %o', (ramp, message) => {
    expect(() => new CircuitBreaker({ ramp })).toThrow(message);
  });
});
