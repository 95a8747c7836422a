import { CircuitBreaker, type HalfOpenOptions } from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

interface Guarded {
  readonly clock: ManualClock;
  readonly breaker: CircuitBreaker;
}

/** A circuit whose open time is over; two trial calls of 50 ms, unless told otherwise. */
function due(halfOpen: HalfOpenOptions = { calls: 2, leaseMs: 50 }): Guarded {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({
    window: { calls: 1 },
    openForMs: 100,
    jitterRatio: 0,
    halfOpen,
    clock,
  });
  breaker.tryAcquire()?.failure();
  clock.advanceSync(100);
  return { clock, breaker };
}

describe('CircuitBreaker.guardProbes', () => {
  it('asks before each trial call, with those under way', () => {
    const { breaker } = due();
    const asked: number[] = [];
    breaker.guardProbes((underWay) => {
      asked.push(underWay);
      return 0;
    });

    const first = breaker.tryAcquire();
    asked.length = 0;
    breaker.tryAcquire();
    first?.ignore();
    breaker.tryAcquire();

    expect(asked).toEqual([1, 1]);
  });

  it('leaves the circuit as it is while the gate is shut, and tells when to ask again', () => {
    const { breaker } = due();
    breaker.guardProbes(() => 70);

    expect(breaker.tryAcquire()).toBeUndefined();
    expect([breaker.state, breaker.admitting, breaker.retryAfterMs]).toEqual(['half-open', false, 70]);
    expect(breaker.statistics().transitions.halfOpened).toBe(0);
  });

  it('may let one trial call through and not a second', () => {
    const { breaker } = due();
    breaker.guardProbes((underWay) => (underWay === 0 ? 0 : 30));

    const probe = breaker.tryAcquire();

    expect(breaker.tryAcquire()).toBeUndefined();
    expect([breaker.admitting, breaker.retryAfterMs]).toEqual([false, 30]);
    probe?.success();
    breaker.tryAcquire()?.success();
    expect(breaker.state).toBe('closed');
  });

  it('does not count a trial call that has not ended with its lease: nobody has to wait for it', () => {
    const halfOpen = { calls: 3, maxFailures: 1, leaseMs: 50 };
    const { breaker, clock } = due(halfOpen);
    breaker.guardProbes((underWay) => (underWay === 0 ? 0 : 30));
    breaker.tryAcquire();

    clock.advanceSync(50);

    expect([breaker.admitting, breaker.retryAfterMs]).toEqual([true, 0]);
    for (let call = 0; call < 2; call += 1) breaker.tryAcquire()?.success();
    expect(breaker.state).toBe('closed');
  });

  it('is not asked while the circuit is closed or open', () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ window: { calls: 1 }, clock });
    let asked = 0;
    breaker.guardProbes(() => (asked += 1));

    breaker.tryAcquire()?.failure();
    breaker.tryAcquire();

    expect([breaker.admitting, breaker.state, asked]).toEqual([false, 'open', 0]);
  });

  it('is asked no more once its handle is disposed; the handle of an older one does nothing', () => {
    const { breaker } = due();
    const older = breaker.guardProbes(() => 1);
    const newer = breaker.guardProbes(() => 2);

    older[Symbol.dispose]();
    expect(breaker.retryAfterMs).toBe(2);
    newer[Symbol.dispose]();

    expect(breaker.admitting).toBe(true);
  });
});
