import { CircuitBreaker, type CircuitBreakerOptions } from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

/** Counts how often it is read. */
class CountingClock extends ManualClock {
  reads = 0;

  override now(): number {
    this.reads += 1;
    return super.now();
  }
}

interface Counted {
  readonly clock: CountingClock;
  readonly breaker: CircuitBreaker;
}

function counted(options: CircuitBreakerOptions = {}): Counted {
  const clock = new CountingClock();
  const breaker = new CircuitBreaker({
    window: { calls: 10 },
    openForMs: 10,
    jitterRatio: 0,
    clock,
    ...options,
  });
  return { clock, breaker };
}

/** How often the clock is read for calls of every kind, none of which opens the circuit. */
async function readsOfCalls({ clock, breaker }: Counted): Promise<number> {
  const before = clock.reads;
  breaker.tryAcquire()?.success();
  breaker.tryAcquire()?.failure();
  breaker.tryAcquire()?.ignore();
  await breaker.execute(() => 'value');
  await breaker.execute(() => Promise.reject(new Error('down'))).catch(() => {});
  expect([breaker.admitting, breaker.state]).toEqual([true, 'closed']);
  return clock.reads - before;
}

describe('a CircuitBreaker for which time does not matter', () => {
  it('reads no clock for a call', async () => {
    expect(await readsOfCalls(counted())).toBe(0);
  });

  it.each([
    { window: { durationMs: 1_000 } },
    { slow: { afterMs: 10, ratio: 1 } },
    { mode: 'shadow' as const },
  ])('is none with %o', async (options) => {
    expect(await readsOfCalls(counted(options))).toBeGreaterThan(0);
  });

  it('reads none either when it has come back from the shadow', async () => {
    const site = counted({ mode: 'shadow' });

    site.breaker.update({ mode: 'on' });

    expect(await readsOfCalls(site)).toBe(0);
  });

  it('reads none any more from the call on that finds the ramp at its end', async () => {
    const site = counted({ ramp: { durationMs: 100 }, halfOpen: { calls: 1 } });
    const { breaker, clock } = site;
    for (let call = 0; call < 10; call += 1) breaker.tryAcquire()?.failure();
    clock.advanceSync(10);
    breaker.tryAcquire()?.success();
    clock.advanceSync(100);

    breaker.tryAcquire()?.success();

    expect(await readsOfCalls(site)).toBe(0);
  });
});
