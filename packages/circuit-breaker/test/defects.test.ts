import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

/** Opens at the first failure for 100 ms; one trial call. */
const touchy = { window: { calls: 1 }, openForMs: 100, jitterRatio: 0, halfOpen: { calls: 1 } } as const;

/** An operation that settles when the test says so. */
function pending(): { run: () => Promise<string>; resolve: () => void; reject: () => void } {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return { run: () => promise, resolve: () => resolve('value'), reject: () => reject(new Error('down')) };
}

// What other breakers were seen to do (docs/guides/circuit-breaker.md), and this one must not.
describe('CircuitBreaker, defects of others', () => {
  it('D1: forgets failures of an hour ago, all of them', () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ minCalls: 2, failureRatio: 0.9, clock });
    breaker.tryAcquire()?.success();
    for (let call = 0; call < 8; call += 1) breaker.tryAcquire()?.failure();
    clock.advanceSync(3_600_000);

    breaker.tryAcquire()?.success();
    breaker.tryAcquire()?.failure();

    expect(breaker.statistics()).toMatchObject({ state: 'closed', windowCalls: 2, failureRatio: 0.5 });
  });

  it('D2: is not opened by a late failure of a call from before, and does not discard the trial call', async () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ ...touchy, clock });
    const [early, probe] = [pending(), pending()];
    const late = breaker.execute(early.run);
    breaker.tryAcquire()?.failure();
    clock.advanceSync(100);
    const trial = breaker.execute(probe.run);

    early.reject();
    await expect(late).rejects.toThrow('down');
    expect(breaker.state).toBe('half-open');
    probe.resolve();
    await trial;

    expect(breaker.state).toBe('closed');
  });

  it('D5: refuses whoever comes while the trial call runs, and parks nobody', async () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ ...touchy, clock });
    breaker.tryAcquire()?.failure();
    clock.advanceSync(100);
    const probe = pending();
    let executed = 0;
    const trial = breaker.execute(probe.run);

    const others = Array.from({ length: 10_000 }, () => breaker.execute(() => (executed += 1)));
    const settled = await Promise.allSettled(others);
    probe.resolve();
    await trial;
    await settle();

    expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
    expect(executed).toBe(0);
  });

  it('D6: is not opened by callers that leave', async () => {
    const breaker = new CircuitBreaker({ window: { calls: 3 }, failureRatio: 1 });

    for (let call = 0; call < 9; call += 1) {
      const controller = new AbortController();
      const operation = async ({ signal }: { signal: AbortSignal }): Promise<void> => {
        controller.abort();
        await settle();
        signal.throwIfAborted();
      };
      await expect(breaker.execute(operation, controller)).rejects.toThrow('aborted');
    }

    expect(breaker.statistics()).toMatchObject({ state: 'closed', calls: { ignored: 9, failure: 0 } });
  });

  it('D8: has only calls of the dependency in its ratio, not those it refused or ignored', () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ minCalls: 4, failureRatio: 0.5, clock });
    breaker.tryAcquire()?.success();
    for (let call = 0; call < 100; call += 1) breaker.tryAcquire()?.ignore();

    breaker.tryAcquire()?.success();
    breaker.tryAcquire()?.failure();
    breaker.tryAcquire()?.failure();

    expect(breaker.state).toBe('open');
  });

  it('D9: is not closed by a success of a call from before', async () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ ...touchy, clock });
    const [early, probe] = [pending(), pending()];
    const late = breaker.execute(early.run);
    breaker.tryAcquire()?.failure();
    clock.advanceSync(100);
    const trial = breaker.execute(probe.run);

    early.resolve();
    await late;
    expect(breaker.state).toBe('half-open');
    probe.reject();
    await expect(trial).rejects.toThrow('down');

    expect(breaker.state).toBe('open');
  });

  it('D12: counts in the same few numbers however many calls there were', () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ clock });
    const size = (): number => JSON.stringify(breaker.snapshot()).length;
    for (let call = 0; call < 1_000; call += 1) breaker.tryAcquire()?.success();
    const before = size();

    for (let call = 0; call < 100_000; call += 1) breaker.tryAcquire()?.success();

    expect(breaker.statistics().windowCalls).toBe(101_000);
    // Two digits more.
    expect(size() - before).toBe(2);
  });

  it('D14: tries again though a trial call never settles', () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ ...touchy, halfOpen: { calls: 1, leaseMs: 50 }, clock });
    breaker.tryAcquire()?.failure();
    clock.advanceSync(100);
    void breaker.execute(() => new Promise(() => {}));
    expect(breaker.admitting).toBe(false);

    clock.advanceSync(50 + 200);
    breaker.tryAcquire()?.success();

    expect(breaker.state).toBe('closed');
  });

  it('D15: comes to its trial call though refusals leave no turn to timers', async () => {
    let now = 0;
    // Time passes only by being looked at, and nothing is ever scheduled.
    const clock = {
      now: () => (now += 0.001),
      epoch: () => 0,
      schedule: (): never => {
        throw new Error('scheduled');
      },
    };
    const breaker = new CircuitBreaker({ ...touchy, openForMs: 5, clock });
    breaker.tryAcquire()?.failure();

    let refused = 0;
    while ((await breaker.execute(() => 'back').catch(() => 'refused')) === 'refused') refused += 1;

    expect(refused).toBeGreaterThan(500);
    expect(breaker.state).toBe('closed');
  });

  it('D16: takes an operation that returns nothing, at once, for a success', async () => {
    const breaker = new CircuitBreaker(touchy);

    await expect(breaker.execute(() => undefined)).resolves.toBeUndefined();

    expect(breaker.statistics().calls).toMatchObject({ success: 1, failure: 0 });
  });
});
