import {
  CircuitBreaker,
  type CircuitBreakerEvent,
  type CircuitBreakerOptions,
} from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

const clock = new ManualClock();
const breakerOf = (options: CircuitBreakerOptions): CircuitBreaker =>
  new CircuitBreaker({ name: 'billing', window: { calls: 4 }, jitterRatio: 0, clock, ...options });
const fail = (breaker: CircuitBreaker, times: number): void => {
  for (let time = 0; time < times; time += 1) breaker.tryAcquire()?.failure();
};

describe('CircuitBreaker.update', () => {
  it('judges by the new ratio what was counted before', () => {
    const breaker = breakerOf({ minCalls: 1, failureRatio: 1 });
    breaker.tryAcquire()?.success();
    fail(breaker, 2);

    breaker.update({ failureRatio: 0.5 });
    fail(breaker, 1);

    expect(breaker.state).toBe('open');
  });

  it('keeps the options that are not named', () => {
    const breaker = breakerOf({ openForMs: 70 });

    breaker.update({ minCalls: 2 });
    breaker.update({ maxOpenForMs: 60_000 });
    fail(breaker, 2);

    expect(breaker.retryAfterMs).toBe(70);
    expect(breaker.name).toBe('billing');
  });

  it('gives an option back to its default when it is set to undefined', () => {
    const breaker = breakerOf({ openForMs: 70 });

    breaker.update({ openForMs: undefined });
    fail(breaker, 4);

    expect(breaker.retryAfterMs).toBe(5_000);
  });

  it.each([
    ['window', { window: { calls: 5 } }],
    ['kind of window', { window: { durationMs: 1_000 } }],
    ['slow.afterMs', { slow: { afterMs: 10, ratio: 1 } }],
  ])('begins the window anew with another %s, and calls under way are stale', (_what, changes) => {
    const breaker = breakerOf({});
    const early = breaker.tryAcquire();
    fail(breaker, 1);

    breaker.update(changes);
    early?.failure();

    expect(breaker.statistics()).toMatchObject({ windowCalls: 0, calls: { failure: 1, stale: 1 } });
  });

  it.each([
    ['duration', { window: { durationMs: 2_000, buckets: 5 } }, 0],
    ['number of buckets', { window: { durationMs: 1_000, buckets: 10 } }, 0],
    ['nothing', { window: { durationMs: 1_000, buckets: 5 } }, 1],
  ])('begins a window of time anew with another %s', (_what, changes, left) => {
    const breaker = breakerOf({ window: { durationMs: 1_000, buckets: 5 }, minCalls: 2 });
    fail(breaker, 1);

    breaker.update(changes);

    expect(breaker.statistics().windowCalls).toBe(left);
  });

  it('keeps the window with the same one, and counts calls under way', () => {
    const breaker = breakerOf({ slow: { afterMs: 10, ratio: 1 } });
    const early = breaker.tryAcquire();
    fail(breaker, 1);

    breaker.update({ window: { calls: 4 }, slow: { afterMs: 10, ratio: 0.5 } });
    early?.failure();

    expect(breaker.statistics()).toMatchObject({ windowCalls: 2, calls: { failure: 2, stale: 0 } });
  });

  it('lets an open time that has begun run out, and counts the stable time from before', () => {
    const breaker = breakerOf({ minCalls: 1, openForMs: 100, stableForMs: 50, halfOpen: { calls: 1 } });
    fail(breaker, 1);

    breaker.update({ openForMs: 1_000, window: { calls: 9 } });

    expect(breaker.retryAfterMs).toBe(100);
    clock.advanceSync(100);
    breaker.tryAcquire()?.success();
    clock.advanceSync(30);
    breaker.update({ window: { calls: 8 } });
    clock.advanceSync(20);
    fail(breaker, 1);
    expect(breaker.retryAfterMs).toBe(1_000);
  });

  it('changes nothing when an option is out of range', () => {
    const breaker = breakerOf({});
    fail(breaker, 3);

    expect(() => breaker.update({ failureRatio: 2 })).toThrow('failureRatio must be');
    breaker.update({ minCalls: 4 });

    expect(breaker.statistics().windowCalls).toBe(3);
  });

  it('does not let name, clock or random be changed', () => {
    const breaker = breakerOf({});

    breaker.update({ name: 'other', clock: undefined } as object);

    expect(breaker.name).toBe('billing');
    fail(breaker, 4);
    expect(breaker.retryAfterMs).toBe(5_000);
  });

  it('switches between shadow and earnest without forgetting', () => {
    const events: CircuitBreakerEvent[] = [];
    const breaker = breakerOf({ mode: 'shadow', openForMs: 100 });
    breaker.events.subscribe((event) => events.push(event));
    fail(breaker, 4);
    expect([breaker.state, breaker.admitting]).toEqual(['open', true]);

    breaker.update({ mode: 'on' });

    expect([breaker.state, breaker.admitting, breaker.retryAfterMs]).toEqual(['open', false, 100]);
    breaker.refusal();
    expect(events.map(({ type, shadow }) => [type, shadow])).toEqual([
      ['opened', true],
      ['rejected', undefined],
    ]);
  });

  it('admits everybody while it is off, also those who only look', () => {
    const breaker = breakerOf({});
    fail(breaker, 4);

    breaker.update({ mode: 'off' });

    expect([breaker.state, breaker.admitting, breaker.retryAfterMs]).toEqual(['disabled', true, 0]);
  });

  it('begins anew when it is switched off, and not at what is changed after', () => {
    const events: CircuitBreakerEvent[] = [];
    const breaker = breakerOf({});
    const early = breaker.tryAcquire();
    fail(breaker, 4);
    breaker.events.subscribe((event) => events.push(event));

    breaker.update({ mode: 'off' });
    early?.failure();
    breaker.update({ minCalls: 3 });
    breaker.isolate();
    breaker.update({ minCalls: 2 });

    expect(breaker.statistics()).toMatchObject({ windowCalls: 0, calls: { failure: 4, stale: 1 } });
    expect(
      events.map((event) => ('reason' in event ? `${event.type}: ${event.reason}` : event.type)),
    ).toEqual(['closed: reset', 'isolated']);
  });

  it('begins anew when it is switched on, whatever was done to it while it was off', () => {
    const breaker = breakerOf({ mode: 'off' });
    breaker.isolate();

    breaker.update({ mode: 'on' });

    expect([breaker.state, breaker.admitting]).toEqual(['closed', true]);
  });
});
