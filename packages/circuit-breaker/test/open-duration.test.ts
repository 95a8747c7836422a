import { CircuitBreaker, type CircuitBreakerOptions } from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

/** How long a circuit stays open whose every call fails, at each of so many openings in a row. */
function openTimes(openings: number, options: CircuitBreakerOptions): readonly number[] {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ window: { calls: 1 }, jitterRatio: 0, clock, ...options });
  const seen: number[] = [];
  breaker.events.subscribe((event) => {
    if (event.type === 'opened') seen.push(event.openForMs);
  });
  for (let opening = 0; opening < openings; opening += 1) {
    breaker.tryAcquire()?.failure();
    clock.advanceSync(breaker.retryAfterMs ?? 0);
  }
  return seen;
}

describe('CircuitBreaker, the time it stays open', () => {
  it('doubles from 5 s to 60 s by default', () => {
    expect(openTimes(6, {})).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('stays at its bound however often the circuit opens', () => {
    expect(openTimes(2_000, { maxOpenForMs: 7_000 }).at(-1)).toBe(7_000);
  });

  it('stays 0 ms for a circuit that opens for no time, however often', () => {
    expect(new Set(openTimes(2_000, { openForMs: 0 }))).toEqual(new Set([0]));
  });

  it.each([
    [0, 4_000],
    [0.5, 5_000],
    [1, 6_000],
  ])('is spread by a jitter of 0.2, for a random number of %d to %d ms', (drawn, expectedMs) => {
    expect(openTimes(1, { jitterRatio: 0.2, random: () => drawn })).toEqual([expectedMs]);
  });
});
