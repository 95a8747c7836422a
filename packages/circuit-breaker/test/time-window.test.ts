import { CircuitBreaker, type CircuitBreakerOptions } from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

interface Timed {
  readonly clock: ManualClock;
  readonly breaker: CircuitBreaker;
}

/** A window of 100 ms in buckets of 10; two calls may open the circuit, and a call is slow from 5 ms on. */
function timed(options: CircuitBreakerOptions = {}): Timed {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({
    window: { durationMs: 100, buckets: 10 },
    failureRatio: 1,
    minCalls: 2,
    slow: { afterMs: 5, ratio: 0.6 },
    jitterRatio: 0,
    clock,
    ...options,
  });
  return { clock, breaker };
}

function succeed(breaker: CircuitBreaker, times: number): void {
  for (let time = 0; time < times; time += 1) breaker.tryAcquire()?.success();
}

function succeedSlowly({ breaker, clock }: Timed, times: number): void {
  const permits = Array.from({ length: times }, () => breaker.tryAcquire());
  clock.advanceSync(5);
  for (const permit of permits) permit?.success();
}

describe('a window of time', () => {
  it('drops a slow call with its bucket, while younger calls stay', () => {
    const site = timed();
    const { breaker, clock } = site;
    succeedSlowly(site, 1);
    succeed(breaker, 1);
    clock.advanceSync(45);
    succeed(breaker, 1);
    clock.advanceSync(50);

    succeedSlowly(site, 1);

    // One of two is slow, where the old one would have made it two of three.
    expect(breaker.statistics()).toMatchObject({ windowCalls: 2, state: 'closed' });
  });

  it('does not open on the slow calls that are left when quick ones leave it, as long as none under way is slow', () => {
    const site = timed();
    const { breaker, clock } = site;
    succeed(breaker, 2);
    clock.advanceSync(50);
    succeedSlowly(site, 2);
    clock.advanceSync(45);

    const permit = breaker.tryAcquire();

    expect(permit).toBeDefined();
    expect(breaker.statistics()).toMatchObject({ windowCalls: 2, state: 'closed' });
  });

  it('holds no old calls against those under way that are slow', () => {
    const { breaker, clock } = timed();
    succeed(breaker, 10);
    clock.advanceSync(100);
    breaker.tryAcquire();
    breaker.tryAcquire();
    clock.advanceSync(5);

    expect(breaker.tryAcquire()).toBeUndefined();
    expect(breaker.state).toBe('open');
  });

  it('gives no old calls to a snapshot', () => {
    const { breaker, clock } = timed();
    succeed(breaker, 1);

    clock.advanceSync(100);

    expect(breaker.snapshot().window).toMatchObject({ buckets: [] });
  });

  it('has the calls of a snapshot go on ageing, also by the time until the restore', () => {
    const { breaker, clock } = timed();
    succeed(breaker, 1);
    const snapshot = breaker.snapshot();
    clock.advanceSync(50);
    const restored = timed({ clock }).breaker;

    restored.restore(snapshot);
    clock.advanceSync(49);
    expect(restored.statistics().windowCalls).toBe(1);
    clock.advanceSync(1);
    expect(restored.statistics().windowCalls).toBe(0);
  });

  it.each([
    [99, 1],
    [100, 0],
    [150, 0],
    [1_000, 0],
  ])('takes of a snapshot what is young enough: %d ms later %d call', (elapsedMs, left) => {
    const { breaker, clock } = timed();
    succeed(breaker, 1);
    const snapshot = breaker.snapshot();
    clock.advanceSync(elapsedMs);
    const restored = timed({ clock }).breaker;

    restored.restore(snapshot);

    expect(restored.statistics().windowCalls).toBe(left);
  });
});
