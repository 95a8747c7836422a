import {
  CircuitBreaker,
  type CircuitBreakerEvent,
  type CircuitBreakerSnapshot,
} from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

const clock = new ManualClock(1_000_000);
const options = { name: 'billing', window: { calls: 4 }, openForMs: 100, jitterRatio: 0, clock } as const;
const good: CircuitBreakerSnapshot = {
  version: 1,
  takenAt: 1_000_000,
  state: 'closed',
  trips: 0,
  openForMs: 0,
  closedForMs: 5,
  window: { kind: 'calls', calls: 4, outcomes: [0, 1, 2, 3] },
};

describe('CircuitBreaker.snapshot and restore', () => {
  it('is plain data that says what it is', () => {
    const breaker = new CircuitBreaker(options);
    breaker.tryAcquire()?.success();
    breaker.tryAcquire()?.failure();
    const takenAt = clock.epoch();
    expect(breaker.snapshot()).toEqual({
      ...good,
      takenAt,
      closedForMs: 0,
      window: { kind: 'calls', calls: 4, outcomes: [0, 1] },
    });

    for (let call = 0; call < 3; call += 1) breaker.tryAcquire()?.failure();

    expect(breaker.snapshot()).toEqual({
      version: 1,
      takenAt,
      state: 'open',
      trips: 1,
      openForMs: 100,
      closedForMs: 0,
      window: undefined,
    });
  });

  it('has the buckets of a window of time that hold calls, newest first', () => {
    const manual = new ManualClock();
    const breaker = new CircuitBreaker({ minCalls: 9, slow: { afterMs: 5, ratio: 1 }, clock: manual });
    const slow = breaker.tryAcquire();
    breaker.tryAcquire()?.failure();
    manual.advanceSync(2_500);
    slow?.failure();
    breaker.tryAcquire()?.success();

    expect(breaker.snapshot().window).toEqual({
      kind: 'duration',
      bucketMs: 1_000,
      buckets: [
        { ageMs: 500, calls: 2, failures: 1, slowCalls: 1 },
        { ageMs: 2_500, calls: 1, failures: 1, slowCalls: 0 },
      ],
    });
  });

  it.each([{ window: { calls: 4 } }, { window: { durationMs: 1_000 } }])(
    'keeps what was slow in %j',
    ({ window }) => {
      const terms = { window, minCalls: 4, slow: { afterMs: 5, ratio: 0.5 }, clock };
      const breaker = new CircuitBreaker(terms);
      const slow = [breaker.tryAcquire(), breaker.tryAcquire()];
      breaker.tryAcquire()?.success();
      clock.advanceSync(5);
      for (const permit of slow) permit?.success();
      const restored = new CircuitBreaker(terms);

      restored.restore(breaker.snapshot());
      restored.tryAcquire()?.success();

      expect(restored.state).toBe('open');
    },
  );

  it('counts the time between snapshot and restore as time closed', () => {
    const terms = { ...options, window: { calls: 1 }, stableForMs: 50, halfOpen: { calls: 1 } };
    const breaker = new CircuitBreaker(terms);
    breaker.tryAcquire()?.failure();
    clock.advanceSync(100);
    breaker.tryAcquire()?.success();
    clock.advanceSync(20);
    const snapshot = breaker.snapshot();
    clock.advanceSync(30);
    const restored = new CircuitBreaker(terms);

    restored.restore(snapshot);
    restored.tryAcquire()?.failure();

    expect(restored.retryAfterMs).toBe(100);
  });

  it('takes the time between snapshot and restore off an open time', () => {
    const breaker = new CircuitBreaker(options);
    for (let call = 0; call < 4; call += 1) breaker.tryAcquire()?.failure();
    clock.advanceSync(20);
    const snapshot = breaker.snapshot();
    clock.advanceSync(30);
    const restored = new CircuitBreaker(options);

    restored.restore(snapshot);

    expect(restored.retryAfterMs).toBe(50);
  });

  it('drops results of calls from before the restore', () => {
    const breaker = new CircuitBreaker(options);
    const early = breaker.tryAcquire();

    breaker.restore(breaker.snapshot());
    early?.failure();

    expect(breaker.statistics().calls).toMatchObject({ failure: 0, stale: 1 });
  });

  it('tells of it, and counts the time not closed from then on', () => {
    const breaker = new CircuitBreaker(options);
    const events: CircuitBreakerEvent[] = [];
    breaker.events.subscribe((event) => events.push(event));

    breaker.restore({ ...good, takenAt: clock.epoch(), state: 'open', openForMs: 60, window: undefined });
    clock.advanceSync(40);

    expect(events).toEqual([{ type: 'restored', policy: 'billing', state: 'open' }]);
    expect(breaker.statistics()).toMatchObject({ openMs: 40, transitions: { opened: 0 } });
    breaker.restore({ ...good, takenAt: clock.epoch() });
    clock.advanceSync(40);
    expect(breaker.statistics()).toMatchObject({
      openMs: 40,
      state: 'closed',
      windowCalls: 4,
      failureRatio: 0.5,
    });
  });

  it('begins with an empty window where the snapshot has one of another shape', () => {
    const byCalls = new CircuitBreaker({ ...options, window: { calls: 5 } });
    const byTime = new CircuitBreaker({ ...options, window: { durationMs: 1_000, buckets: 10 } });
    const finer = new CircuitBreaker({ ...options, window: { durationMs: 1_000, buckets: 20 } });
    byTime.tryAcquire()?.failure();

    byCalls.restore({ ...good, takenAt: clock.epoch() });
    finer.restore(byTime.snapshot());

    expect([byCalls, finer].map((breaker) => breaker.statistics().windowCalls)).toEqual([0, 0]);
  });

  it('moves calls by half a bucket at most where clocks are out of phase', () => {
    const window = { durationMs: 100, buckets: 10 };
    const from = new ManualClock();
    const breaker = new CircuitBreaker({ ...options, window, minCalls: 9, clock: from });
    from.advanceSync(14);
    breaker.tryAcquire()?.failure();
    from.advanceSync(4);
    const snapshot = breaker.snapshot();
    const to = new ManualClock(from.epoch() - 3);
    to.advanceSync(3);
    const restored = new CircuitBreaker({ ...options, window, minCalls: 9, clock: to });

    restored.restore(snapshot);

    // Its bucket began 8 ms before: at -5 on this clock, which rounds to the bucket from 0 on, or to that from -10 on.
    expect(restored.statistics().windowCalls).toBe(1);
    to.advanceSync(85);
    expect(restored.statistics().windowCalls).toBe(1);
    to.advanceSync(12);
    expect(restored.statistics().windowCalls).toBe(0);
  });

  it.each<readonly [snapshot: unknown, message: string]>([
    [null, 'snapshot must be a snapshot of version 1, got null'],
    [undefined, 'snapshot must be a snapshot of version 1, got undefined'],
    ['{}', "snapshot must be a snapshot of version 1, got '{}'"],
    [{ ...good, version: 2 }, 'snapshot must be a snapshot of version 1, got an object'],
    [
      { ...good, state: 'disabled' },
      "snapshot.state must be one of 'closed', 'open', 'half-open', 'isolated', got 'disabled'",
    ],
    [{ ...good, takenAt: '1' }, "snapshot.takenAt must be a finite number, got '1'"],
    [{ ...good, trips: -1 }, 'snapshot.trips must be a finite number of at least 0, got -1'],
    [{ ...good, openForMs: null }, 'snapshot.openForMs must be a finite number of at least 0, got null'],
    [
      { ...good, closedForMs: Number.NaN },
      'snapshot.closedForMs must be a finite number of at least 0, got NaN',
    ],
    [{ ...good, rampForMs: -1 }, 'snapshot.rampForMs must be a finite number of at least 0, got -1'],
    ...[
      null,
      'window',
      { kind: 'bytes' },
      { kind: 'bytes', bucketMs: 1, buckets: [] },
      { kind: 'calls', calls: 4, outcomes: 7 },
      { kind: 'calls', calls: 1, outcomes: [0, 0] },
      { kind: 'calls', calls: 4, outcomes: [4] },
      { kind: 'duration', bucketMs: 1, buckets: {} },
      { kind: 'duration', bucketMs: 1, buckets: [null] },
      { kind: 'duration', bucketMs: 1, buckets: [undefined] },
      { kind: 'duration', bucketMs: 1, buckets: [7] },
      { kind: 'duration', bucketMs: 1, buckets: [{ ageMs: -1, calls: 1, failures: 1, slowCalls: 0 }] },
      { kind: 'duration', bucketMs: 1, buckets: [{ ageMs: 0, calls: 1, failures: 2, slowCalls: 0 }] },
      { kind: 'duration', bucketMs: 1, buckets: [{ ageMs: 0, calls: 1, failures: 0, slowCalls: '0' }] },
    ].map((window) => [{ ...good, window }, 'snapshot.window must be what a window held'] as const),
  ])('refuses %j', (snapshot, message) => {
    const breaker = new CircuitBreaker(options);
    breaker.tryAcquire()?.failure();

    expect(() => breaker.restore(snapshot as CircuitBreakerSnapshot)).toThrow(message);
    expect(breaker.statistics().windowCalls).toBe(1);
  });
});
