import { CircuitBreaker, type CircuitBreakerEvent, CircuitOpenError } from '@holdfast/circuit-breaker';
import { Execution, isHoldfastError } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { PolicyError } from './specification/policy-error.ts';

/** Opens at the first failure. */
const touchy = { window: { calls: 1 }, jitterRatio: 0 } as const;

const failing = (error: unknown) => (): never => {
  throw error;
};

describe('CircuitBreaker', () => {
  it('passes the very value and error of the operation through', async () => {
    const breaker = new CircuitBreaker();
    const value = { rows: [] };
    const error = 'not even an Error';

    expect(await breaker.execute(() => value)).toBe(value);
    expect(await breaker.execute(async () => value)).toBe(value);
    await expect(breaker.execute(failing(error))).rejects.toBe(error);
    await expect(breaker.execute(() => Promise.reject(error as unknown as Error))).rejects.toBe(error);
  });

  it('waits for any thenable', async () => {
    const breaker = new CircuitBreaker();
    // oxlint-disable-next-line unicorn/no-thenable -- what this test is about
    const thenable = { then: (resolve: (value: string) => void) => resolve('late') } as PromiseLike<string>;

    expect(await breaker.execute(() => thenable)).toBe('late');
    expect(breaker.statistics().calls.success).toBe(1);
  });

  it('starts the operation in the turn of the call', () => {
    let started = false;

    void new CircuitBreaker().execute(() => void (started = true));

    expect(started).toBe(true);
  });

  it('leaves the rejection of a call that nobody watches to the process', async () => {
    const unhandled: unknown[] = [];
    const previous = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (reason) => unhandled.push(reason));

    const breaker = new CircuitBreaker({ name: 'billing' });
    void breaker.execute(() => Promise.reject(new Error('unseen')));
    breaker.isolate();
    void breaker.execute(() => 'unused');
    await settle();

    process.removeAllListeners('unhandledRejection');
    for (const listener of previous) process.on('unhandledRejection', listener);
    const messages = unhandled.map((reason) => (reason as Error).message);
    expect(messages.toSorted()).toEqual(['billing is isolated', 'unseen']);
  });

  it('tells the operation about its call', async () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ clock });
    const { signal } = new AbortController();

    const seen = await breaker.execute(
      (context) => [context.signal, context.remainingMs(), context.attempt],
      {
        signal,
        deadlineMs: 300,
      },
    );

    expect(seen).toEqual([signal, 300, 0]);
  });

  it('passes on the execution of the policy around it', async () => {
    const execution = new Execution({ tenant: 'a' });

    expect(await new CircuitBreaker().execute((context) => context, execution)).toBe(execution);
  });

  it('CB-30: refuses with all that the caller needs to know', async () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ ...touchy, name: 'billing', openForMs: 100, clock });
    const cause = new Error('down');
    await breaker.execute(failing(cause)).catch(() => {});
    clock.advanceSync(40);

    const refusal = await breaker.execute(() => 'unused').catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(CircuitOpenError);
    expect(isHoldfastError(refusal, 'ERR_CIRCUIT_OPEN')).toBe(true);
    expect(refusal).toMatchObject({
      name: 'CircuitOpenError',
      message: 'billing is open',
      policy: 'billing',
      state: 'open',
      retryAfterMs: 60,
      cause,
    });
  });

  it('CB-31: makes each refusal an error of its own, without a stack trace', () => {
    const breaker = new CircuitBreaker();
    breaker.isolate();

    const [first, second] = [breaker.refusal(), breaker.refusal()];

    expect(first).not.toBe(second);
    expect(first.stack).not.toContain('\n');
  });

  it.each(['reset', 'isolate'] as const)('forgets the last failure at %s()', (act) => {
    const breaker = new CircuitBreaker(touchy);
    breaker.tryAcquire()?.failure(new Error('old'));

    breaker[act]();

    expect(breaker.refusal().cause).toBeUndefined();
  });

  it('names the failure of a trial call as the cause, and no trial call that succeeded', () => {
    const clock = new ManualClock();
    const halfOpen = { calls: 2, maxFailures: 0 };
    const breaker = new CircuitBreaker({ ...touchy, openForMs: 10, halfOpen, clock });
    breaker.tryAcquire()?.failure('first');
    clock.advanceSync(10);

    breaker.tryAcquire()?.success();
    expect(breaker.refusal().cause).toBe('first');
    breaker.tryAcquire()?.failure('second');
    expect(breaker.refusal().cause).toBe('second');
  });

  it('tells a caller who was refused before it closed to come back at once', () => {
    const breaker = new CircuitBreaker();

    expect(breaker.refusal()).toMatchObject({ state: 'closed', retryAfterMs: 0 });
  });

  it('does not start a call whose signal has aborted, and takes no permit for it', async () => {
    const breaker = new CircuitBreaker();
    const reason = new Error('changed my mind');
    let started = false;

    const call = breaker.execute(() => void (started = true), { signal: AbortSignal.abort(reason) });

    await expect(call).rejects.toBe(reason);
    expect(started).toBe(false);
    expect(breaker.statistics().calls).toEqual({ success: 0, failure: 0, ignored: 0, rejected: 0, stale: 0 });
  });

  it('does not start a call whose deadline is over, and takes no permit for it', async () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ ...touchy, clock, openForMs: 10, halfOpen: { calls: 1 } });
    await expect(breaker.execute(failing('down'))).rejects.toBe('down');
    clock.advanceSync(10);
    let started = false;

    const call = breaker.execute(() => void (started = true), { deadlineMs: 0 });

    await expect(call).rejects.toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED', policy: 'circuit-breaker' });
    expect([started, breaker.admitting]).toEqual([false, true]);
  });

  it('CB-24: waits for a call that its caller aborts, and ignores how it ends', async () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ ...touchy, clock });
    breaker.tryAcquire()?.failure();
    clock.advanceSync(breaker.retryAfterMs ?? 0);
    const controller = new AbortController();
    const pending = Promise.withResolvers<never>();
    const call = breaker.execute(
      ({ signal }) => {
        signal.addEventListener('abort', () => pending.reject(new Error('torn down')));
        return pending.promise;
      },
      { signal: controller.signal },
    );

    controller.abort();

    await expect(call).rejects.toThrow('torn down');
    expect(breaker.state).toBe('half-open');
    expect(breaker.admitting).toBe(true);
    expect(breaker.statistics().calls).toMatchObject({ failure: 1, ignored: 1 });
  });

  it('ignores the one of many concurrent calls whose caller has left', async () => {
    const breaker = new CircuitBreaker();
    const controllers = Array.from({ length: 3 }, () => new AbortController());
    const { promise, reject } = Promise.withResolvers<never>();
    const calls = controllers.map(({ signal }) => breaker.execute(() => promise, { signal }));
    calls.push(breaker.execute(() => promise));

    controllers[1]?.abort();
    reject(new Error('down'));
    await Promise.allSettled(calls);

    expect(breaker.statistics().calls).toMatchObject({ failure: 3, ignored: 1 });
  });

  it('neither starts nor counts a call with an option out of range', async () => {
    const breaker = new CircuitBreaker(touchy);

    const call = breaker.execute(() => 'unused', { deadlineMs: -1 });

    await expect(call).rejects.toThrow('deadlineMs must be');
    expect(breaker.statistics()).toMatchObject({
      state: 'closed',
      calls: { success: 0, failure: 0, ignored: 0 },
    });
  });

  it('counts a call that succeeds although its caller has aborted', async () => {
    const breaker = new CircuitBreaker();
    const controller = new AbortController();

    await breaker.execute(() => controller.abort(), { signal: controller.signal });

    expect(breaker.statistics().calls).toMatchObject({ success: 1, ignored: 0 });
  });

  it.each([
    ['aborts', new Error('gone')],
    ['passes its deadline', new PolicyError('ERR_DEADLINE_EXCEEDED')],
  ])('counts a call as slow, not as failed, when its caller %s late', async (_how, error) => {
    const clock = new ManualClock();
    const slow = { afterMs: 100, ratio: 1 };
    const breaker = new CircuitBreaker({ window: { calls: 1 }, slow, clock });
    const controller = new AbortController();

    const call = breaker.execute(
      () => {
        clock.advanceSync(100);
        if (error.message === 'gone') controller.abort(error);
        throw error;
      },
      { signal: controller.signal },
    );

    await expect(call).rejects.toBe(error);
    expect(breaker.state).toBe('open');
    expect(breaker.statistics()).toMatchObject({ calls: { failure: 0, ignored: 1 }, slowCalls: 1 });
  });

  it('takes a call that ended before slow.afterMs for quick, even if its caller aborted', async () => {
    const breaker = new CircuitBreaker({ window: { calls: 1 }, slow: { afterMs: 100, ratio: 1 } });
    const controller = new AbortController();

    await breaker
      .execute(
        () => {
          controller.abort();
          throw new Error('gone');
        },
        { signal: controller.signal },
      )
      .catch(() => {});

    expect(breaker.statistics()).toMatchObject({ state: 'closed', slowCalls: 0, windowCalls: 0 });
  });

  it('judges values and errors by classify, and by default where it returns undefined', async () => {
    const breaker = new CircuitBreaker({
      classify: (outcome) => {
        if (outcome.status === 'fulfilled') return outcome.value === 503 ? 'failure' : undefined;
        return outcome.reason === 404 ? 'ignore' : undefined;
      },
    });

    for (const status of [200, 503]) await breaker.execute(() => status);
    for (const status of [404, 500]) await breaker.execute(failing(status)).catch(() => {});

    expect(breaker.statistics().calls).toMatchObject({ success: 1, failure: 2, ignored: 1 });
  });

  it('gives classify each outcome in the form of a settled promise', async () => {
    const seen: unknown[] = [];
    const breaker = new CircuitBreaker({ classify: (outcome) => void seen.push(outcome) });

    await breaker.execute(() => 'fine');
    await breaker.execute(failing('down')).catch(() => {});

    expect(seen).toEqual([
      { status: 'fulfilled', value: 'fine' },
      { status: 'rejected', reason: 'down' },
    ]);
  });

  it.each([
    ['value', () => 'fine'],
    ['error', failing(new Error('down'))],
  ])('rejects with what classify throws about a(n) %s, and ignores the call', async (_what, operation) => {
    const bug = new TypeError('bug in classify');
    const breaker = new CircuitBreaker({ window: { calls: 1 }, classify: failing(bug) });

    await expect(breaker.execute(operation)).rejects.toBe(bug);

    expect(breaker.statistics()).toMatchObject({ state: 'closed', calls: { ignored: 1 } });
  });

  it('counts the first report on a permit only', () => {
    const breaker = new CircuitBreaker();
    const permit = breaker.tryAcquire();

    permit?.success();
    permit?.failure();
    permit?.[Symbol.dispose]();

    expect(breaker.statistics().calls).toMatchObject({ success: 1, failure: 0, ignored: 0 });
  });

  it('ignores a permit that leaves its scope unreported', () => {
    const breaker = new CircuitBreaker();
    {
      using permit = breaker.tryAcquire();
      expect(permit).toBeDefined();
    }

    expect(breaker.statistics().calls.ignored).toBe(1);
  });

  it('counts a refusal where its error is made', async () => {
    const breaker = new CircuitBreaker({ name: 'billing' });
    const events: CircuitBreakerEvent[] = [];
    breaker.isolate();
    breaker.events.subscribe((event) => events.push(event));

    breaker.tryAcquire();
    breaker.refusal();
    await breaker.execute(() => 'unused').catch(() => {});

    expect(breaker.statistics().calls.rejected).toBe(2);
    const rejected = { type: 'rejected', policy: 'billing', state: 'isolated', retryAfterMs: undefined };
    expect(events).toEqual([rejected, rejected]);
  });

  it('T24: is not disturbed by a listener that throws', async () => {
    const uncaught: unknown[] = [];
    const previous = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => uncaught.push(error));
    const breaker = new CircuitBreaker(touchy);
    breaker.events.subscribe(failing(new Error('listener')));

    breaker.tryAcquire()?.failure();
    await settle();

    process.removeAllListeners('uncaughtException');
    for (const listener of previous) process.on('uncaughtException', listener);
    expect(breaker.state).toBe('open');
    expect(uncaught).toEqual([new Error('listener')]);
  });

  it('adds up in its statistics', () => {
    const clock = new ManualClock(1_000_000);
    const breaker = new CircuitBreaker({ clock, jitterRatio: 0, minCalls: 3, halfOpen: { calls: 1 } });
    expect(breaker.statistics().lastTransitionAt).toBeUndefined();
    breaker.tryAcquire()?.success();
    breaker.tryAcquire()?.failure();
    expect(breaker.statistics()).toMatchObject({ windowCalls: 2, failureRatio: 0.5, openMs: 0 });
    breaker.tryAcquire()?.failure();
    clock.advanceSync(5_000);
    breaker.tryAcquire()?.success();
    clock.advanceSync(1_000);
    const isolation = breaker.isolate();
    clock.advanceSync(10);
    isolation[Symbol.dispose]();
    clock.advanceSync(100);

    expect(breaker.statistics()).toEqual({
      component: 'circuit-breaker',
      state: 'closed',
      calls: { success: 2, failure: 2, ignored: 0, rejected: 0, stale: 0 },
      slowCalls: 0,
      transitions: { opened: 1, halfOpened: 1, closed: 2, isolated: 1 },
      openMs: 5_010,
      windowCalls: 0,
      failureRatio: 0,
      lastTransitionAt: 1_006_010,
    });
  });

  it('drops old calls from its statistics without a new call', () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ clock });
    breaker.tryAcquire()?.failure();

    clock.advanceSync(10_000);

    expect(breaker.statistics()).toMatchObject({ windowCalls: 0, failureRatio: 0 });
  });

  it('takes two bits per call of its window', () => {
    const before = process.memoryUsage().arrayBuffers;
    const breaker = new CircuitBreaker({ window: { calls: 1_000_000 } });

    breaker.tryAcquire()?.failure();

    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300_000);
    expect(breaker.statistics().windowCalls).toBe(1);
  });
});
