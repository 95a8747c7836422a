import { getEventListeners } from 'node:events';
import { Bulkhead } from '@holdfast/bulkhead';
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import {
  compose,
  DeadlineExceededError,
  EventHub,
  Execution,
  HoldfastError,
  type Operation,
  type OperationContext,
  type Policy,
} from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { Dedupe } from '@holdfast/dedupe';
import { RateLimiter } from '@holdfast/rate-limiter';
import {
  keyed,
  pipeline,
  type PipelineEvent,
  type PipelineSlots,
  Retry,
  Timeout,
  TimeoutError,
} from '@holdfast/resilience';
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest';

import { manual, scripted } from '../model/scripted.ts';

const failure = (message = 'backend down'): Error => new Error(message);
const stop = new Error('no longer wanted');
const steady = { jitter: 'none' } as const;
/** Opens at the third failure. */
const threeFailures = { window: { calls: 3 }, failureRatio: 1, jitterRatio: 0 };

function setUp<Fallen = never>(slots: PipelineSlots<Fallen> = {}) {
  const clock = new ManualClock();
  return { clock, billing: pipeline('billing', { clock, ...slots }) };
}

function failing(count: number) {
  return scripted(...Array.from({ length: count }, (_, i) => failure(`failure ${i + 1}`)));
}

describe('pipeline without slots', () => {
  it.each<[string, () => unknown]>([
    ['a plain value', () => 'value'],
    ['a promise', () => Promise.resolve('value')],
    ['nothing', () => undefined],
  ])('PI-01: gives %s as the operation does', async (_, operation) => {
    expect(await pipeline('empty').execute(operation)).toBe(await operation());
  });

  it.each<[string, () => never | Promise<never>]>([
    [
      'a synchronous throw',
      () => {
        throw sharedFailure;
      },
    ],
    ['a rejection', () => Promise.reject(sharedFailure)],
  ])('PI-01: passes %s on by identity', async (_, operation) => {
    await expect(pipeline('empty').execute(operation)).rejects.toBe(sharedFailure);
  });

  it('is a policy that composes with others', async () => {
    const empty = pipeline('empty');
    expectTypeOf(empty).toExtend<Policy>();

    expect(await compose(empty, pipeline('other', { retry: 1 })).execute((context) => context.attempt)).toBe(
      0,
    );
  });
});

describe('pipeline, order', () => {
  it('tells its order and options as plain data', () => {
    const { billing } = setUp({
      timeout: { timeoutMs: 500 },
      bulkhead: 50,
      rateLimit: { limits: { calls: { limit: 100, windowMs: 1_000 } } },
      breaker: { openForMs: 10_000 },
      retry: 3,
      dedupe: true,
      fallback: () => 'fallback',
      deadlineMs: 2_000,
    });

    const { name, steps } = billing.describe();

    expect(name).toBe('billing');
    expect(steps.map((step) => step.slot)).toEqual([
      'deadline',
      'fallback',
      'dedupe',
      'retry',
      'breaker check',
      'rate limit',
      'bulkhead',
      'breaker',
      'timeout',
    ]);
    expect(steps[0]).toEqual({ slot: 'deadline', options: { deadlineMs: 2_000 } });
    expect(steps[3]).toEqual({
      slot: 'retry',
      policy: 'billing',
      options: {
        name: 'billing',
        maxRetries: 3,
        maxElapsedMs: Infinity,
        nested: 'once',
        backoff: { initialMs: 50, maxMs: 2_000, factor: 2, jitter: 'full' },
      },
    });
    expect(steps[4]).toEqual({ slot: 'breaker check', policy: 'billing', options: { openForMs: 10_000 } });
    expect(steps[5]?.options).toEqual({ limits: { calls: { limit: 100, windowMs: 1_000 } } });
    expect(steps[6]?.options).toEqual({ limit: 50 });
    expect(structuredClone(steps)).toEqual(steps);
  });

  it('PI-04: takes no token, slot or retry while the circuit is open', async () => {
    const { clock, billing } = setUp({
      retry: 5,
      breaker: { ...threeFailures, openForMs: 60_000 },
      rateLimit: { limits: { calls: { limit: 100, windowMs: 1_000 } } },
      bulkhead: 1,
    });
    const { operation, contexts } = failing(10);
    const opening = billing.execute(operation).catch((error: unknown) => error);
    await clock.advance(10_000);
    await opening;
    const { rateLimit, bulkhead, retry } = billing.parts as never as {
      rateLimit: RateLimiter;
      bulkhead: Bulkhead;
      retry: Retry;
    };
    const spent = (): unknown => [
      rateLimit.statistics().decisions,
      bulkhead.statistics().calls,
      retry.statistics().retries,
      contexts.length,
    ];
    const before = spent();

    await expect(billing.execute(operation)).rejects.toMatchObject({
      code: 'ERR_CIRCUIT_OPEN',
      policy: 'billing',
    });

    expect(before).toMatchObject([{ allowed: 3 }, { admitted: 3 }, 3, 3]);
    expect(spent()).toEqual(before);
  });

  it('RT-12: lets the breaker see every attempt: three failing ones open it within one call', async () => {
    const breaker = new CircuitBreaker({ ...threeFailures, clock: new ManualClock() });
    const { billing, clock } = setUp({ retry: { maxRetries: 5, backoff: steady }, breaker });
    const { operation, contexts } = failing(6);
    const call = billing.execute(operation).catch((error: unknown) => error);

    await clock.advance(10_000);

    expect(await call).toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    expect(contexts).toHaveLength(3);
    expect(breaker.state).toBe('open');
  });

  it('RT-11: waits for an open circuit if the deadline allows, and is then a trial call', async () => {
    const { billing, clock } = setUp({
      deadlineMs: 10_000,
      retry: { maxRetries: 5, backoff: steady },
      breaker: { ...threeFailures, openForMs: 5_000 },
    });
    const { operation, contexts } = scripted(failure(), failure(), failure(), 'recovered');
    const call = billing.execute(operation);

    await clock.advance(5_300);

    expect(await call).toBe('recovered');
    expect(contexts.map((context) => context.attempt)).toEqual([0, 1, 2, 4]);
  });

  it('never counts refusals by the rate limit or the bulkhead as failures', async () => {
    const breaker = new CircuitBreaker(threeFailures);
    const { operation } = manual();
    const limited = setUp({ breaker, rateLimit: { limits: { none: { limit: 0, windowMs: 1_000 } } } });
    const full = setUp({ breaker, bulkhead: 1 });
    void full.billing.execute(operation);

    for (let i = 0; i < 10; i += 1) {
      await expect(limited.billing.execute(operation)).rejects.toMatchObject({
        code: 'ERR_RATE_LIMITED',
        policy: 'billing',
      });
      await expect(full.billing.execute(operation)).rejects.toMatchObject({
        code: 'ERR_BULKHEAD_FULL',
        policy: 'billing',
      });
    }

    expect(breaker.state).toBe('closed');
    expect(breaker.statistics()).toMatchObject({ calls: { failure: 0, ignored: 0 } });
  });

  it('PI-02: looks at the breaker again after the queue, and gives the slot back if the circuit opened meanwhile', async () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ clock });
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1, clock });
    const { billing } = setUp({ breaker, bulkhead });
    const { operation, runs } = manual();
    const first = billing.execute(operation);
    const queued = billing.execute(operation).catch((error: unknown) => error);
    await settle();

    breaker.isolate();
    runs[0]?.resolve('value');

    expect(await first).toBe('value');
    expect(await queued).toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    expect([bulkhead.running, runs.length]).toEqual([0, 1]);
  });

  it('RT-10: leaves the bulkhead during a pause and joins its queue again at the back', async () => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 5, clock });
    const { billing } = setUp({ clock, retry: { maxRetries: 1, backoff: steady }, bulkhead });
    const order: string[] = [];
    const call = (name: string, outcome: unknown): Promise<unknown> =>
      billing.execute((context) => {
        order.push(`${name} ${context.attempt}`);
        return context.attempt === 0 && outcome instanceof Error ? Promise.reject(outcome) : name;
      });

    const calls = [call('a', failure()), call('b', 'value'), call('c', 'value')];
    await settle();
    expect(bulkhead.running).toBe(0);
    await clock.advance(50);
    await Promise.all(calls);

    expect(order).toEqual(['a 0', 'b 0', 'c 0', 'a 1']);
  });

  it('times the operation alone, not the wait for a slot', async () => {
    const { billing, clock } = setUp({ bulkhead: { limit: 1, maxQueued: 1 }, timeout: { timeoutMs: 100 } });
    const { operation, runs } = manual();
    const first = billing.execute(operation);
    const queued = billing.execute(operation);
    await clock.advance(99);

    runs[0]?.resolve('first');
    await clock.advance(99);
    runs[1]?.resolve('second');

    expect(await Promise.all([first, queued])).toEqual(['first', 'second']);
  });
});

describe('pipeline, retry and timeout', () => {
  it('PI-03: runs a call that times out twice for one retry, and counts both timeouts', async () => {
    const { billing, clock } = setUp({
      retry: { maxRetries: 1, backoff: steady },
      timeout: { timeoutMs: 100 },
    });
    const { operation, runs } = manual();
    const call = billing.execute(operation).catch((error: unknown) => error);

    await clock.advance(1_000);

    expect(await call).toBeInstanceOf(TimeoutError);
    expect(runs).toHaveLength(2);
    expect((billing.parts.timeout as Timeout).statistics().calls.timedOut).toBe(2);
  });

  it('PI-03: runs it once if timeouts are not to be retried', async () => {
    const isRetryable = (error: unknown): boolean => !(error instanceof TimeoutError);
    const { billing, clock } = setUp({ retry: { isRetryable }, timeout: { timeoutMs: 100 } });
    const { operation, runs } = manual();
    const call = billing.execute(operation).catch((error: unknown) => error);

    await clock.advance(1_000);

    expect(await call).toBeInstanceOf(TimeoutError);
    expect(runs).toHaveLength(1);
  });

  it('EV-02: adds up: a timeout, a failure and a success are one call, two retries and three attempts', async () => {
    const { billing, clock } = setUp({ retry: { backoff: steady }, timeout: { timeoutMs: 100 } });
    const call = billing.execute((context) => {
      if (context.attempt === 0) return new Promise(() => {});
      if (context.attempt === 1) throw failure();
      return 'value';
    });

    await clock.advance(1_000);

    expect(await call).toBe('value');
    const { retry, timeout } = billing.parts as never as { retry: Retry; timeout: Timeout };
    expect(billing.statistics().calls).toEqual({ success: 1, failure: 0, fallback: 0, cancelled: 0 });
    expect(retry.statistics()).toMatchObject({ calls: { succeededAfterRetry: 1 }, retries: 2 });
    expect(timeout.statistics().calls).toEqual({ inTime: 2, timedOut: 1 });
  });

  it('counts a timeout as a failure of the dependency', async () => {
    const { billing, clock } = setUp({ breaker: threeFailures, timeout: { timeoutMs: 100 } });
    const calls = Array.from({ length: 3 }, () => billing.execute(() => new Promise(() => {})));
    const outcomes = Promise.allSettled(calls);

    await clock.advance(100);
    await outcomes;

    expect((billing.parts.breaker as CircuitBreaker).state).toBe('open');
  });

  it('TO-10: keeps the slot of an operation that goes on after its timeout', async () => {
    const { billing, clock } = setUp({ bulkhead: 1, timeout: { timeoutMs: 100, zombieGraceMs: 1_000 } });
    const bulkhead = billing.parts.bulkhead as Bulkhead;
    const { operation, runs } = manual();
    const call = billing.execute(operation).catch((error: unknown) => error);

    await clock.advance(100);
    expect(await call).toBeInstanceOf(TimeoutError);
    expect(bulkhead.running).toBe(1);
    await expect(billing.execute(operation)).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
    runs[0]?.resolve('too late');
    await settle();

    expect(bulkhead.running).toBe(0);
  });
});

describe('pipeline, deadline and cancellation', () => {
  it.each([
    ['its slot', { deadlineMs: 100 }, {}],
    ['its caller', {}, { deadlineMs: 100 }],
    ['its caller, who is stricter than its slot', { deadlineMs: 1_000 }, { deadlineMs: 100 }],
  ])('lets the caller go at the deadline of %s, and tells the operation', async (_, slots, options) => {
    const { billing, clock } = setUp({ retry: 3, bulkhead: 1, ...slots });
    const { operation, runs } = manual();
    const call = billing.execute(operation, options).catch((error: unknown) => error);
    const signal = runs[0]?.context.signal;

    await clock.advance(100);

    expect(await call).toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED', policy: 'billing' });
    expect(signal?.aborted).toBe(true);
    expect(clock.pending()).toBe(0);
    expect(billing.statistics().calls.failure).toBe(1);
  });

  it('is at its deadline also where something inside notices a moment before', async () => {
    const { billing, clock } = setUp({ deadlineMs: 100, fallback: () => 'never used' });
    const operation = (): Promise<never> =>
      new Promise((_, reject) => {
        clock.schedule(() => reject(new DeadlineExceededError('further in')), 99.5);
      });
    const call = billing.execute(operation).catch((error: unknown) => error);

    await clock.advance(99.5);

    expect(await call).toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED', policy: 'billing' });
    expect(clock.pending()).toBe(0);
  });

  it('starts nothing when the caller leaves just as a slot is given to it', async () => {
    // Between the slot and the start are a few microtasks: the caller leaves after each number of them in turn.
    for (let ticks = 0; ticks < 12; ticks += 1) {
      const { billing } = setUp({ bulkhead: { limit: 1, maxQueued: 1 } });
      const caller = new AbortController();
      const blocker = manual();
      const first = billing.execute(blocker.operation);
      const aborted: boolean[] = [];
      const second = billing.execute(({ signal }) => void aborted.push(signal.aborted), caller);

      blocker.runs[0]?.resolve('done');
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      caller.abort();
      await Promise.allSettled([first, second]);

      expect(aborted).not.toContain(true);
      expect(await billing.execute(() => 'the slot is free')).toBe('the slot is free');
    }
  });

  it('starts nothing when the caller left, or the deadline passed, while the rate limit decided', async () => {
    const decision = Promise.withResolvers<void>();
    const rateLimit = {
      name: 'slow',
      events: new EventHub<never>(),
      execute: async <T>(operation: Operation<T>) => decision.promise.then(() => operation(new Execution())),
    };
    const { billing, clock } = setUp({ rateLimit });
    const caller = new AbortController();
    const { operation, runs } = manual();

    const calls = [billing.execute(operation, caller), billing.execute(operation, { deadlineMs: 100 })];
    const outcomes = Promise.allSettled(calls);
    caller.abort(stop);
    await clock.advance(100);
    decision.resolve();
    await settle();

    expect(await outcomes).toMatchObject([{ reason: stop }, { reason: { code: 'ERR_DEADLINE_EXCEEDED' } }]);
    expect(runs).toHaveLength(0);
  });

  it('counts a call as failed whose caller leaves after its deadline', async () => {
    const { billing, clock } = setUp({ deadlineMs: 100 });
    const caller = new AbortController();
    const call = billing.execute(manual().operation, caller);

    clock.advanceSync(100);
    caller.abort(stop);

    await expect(call).rejects.toBeInstanceOf(DeadlineExceededError);
    expect(billing.statistics().calls).toMatchObject({ failure: 1, cancelled: 0 });
  });

  it('leaves no timer when the call is done before its deadline', async () => {
    const { billing, clock } = setUp({ deadlineMs: 100 });

    await billing.execute(() => 'value');

    expect(clock.pending()).toBe(0);
  });

  it('starts nothing when the deadline is over', async () => {
    const { billing, clock } = setUp({ bulkhead: 1 });
    const { operation, runs } = manual();

    await expect(billing.execute(operation, { deadlineMs: 0 })).rejects.toBeInstanceOf(DeadlineExceededError);
    expect([runs.length, clock.pending()]).toEqual([0, 0]);
  });

  it.each<[string, PipelineSlots, (clock: ManualClock) => Promise<void>]>([
    ['before it started', {}, () => Promise.resolve()],
    ['in the queue of the bulkhead', { bulkhead: { limit: 1, maxQueued: 1 } }, () => settle()],
    ['while the operation runs', { timeout: { timeoutMs: 100 } }, (clock) => clock.advance(50)],
    ['while it runs without a timeout', {}, (clock) => clock.advance(50)],
    [
      'during a pause',
      { retry: { backoff: steady }, timeout: { timeoutMs: 10 } },
      (clock) => clock.advance(30),
    ],
  ])('rejects with the reason as soon as the caller leaves %s', async (_, slots, until) => {
    const { billing, clock } = setUp({ ...slots, fallback: () => 'never used' });
    const { operation } = manual();
    const blocker = billing.execute(operation).catch(() => {});
    const caller = new AbortController();
    const call = billing.execute(operation, { signal: caller.signal }).catch((error: unknown) => error);
    await until(clock);

    caller.abort('changed my mind');

    expect(await call).toBe('changed my mind');
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
    expect(billing.statistics().calls).toMatchObject({ cancelled: 1, fallback: 0 });
    void blocker;
  });

  it('tells without a throw also of a deadline that is out of range', async () => {
    const outcome = await pipeline('service').tryExecute(() => 'value', { deadlineMs: -1 });

    expect(outcome).toMatchObject({ status: 'rejected', reason: { option: 'deadlineMs' } });
  });

  it('FB-04: tells how a call ended without a throw, and whether its answer is that of the fallback', async () => {
    const { billing } = setUp({ fallback: { answers: () => 'stale', skips: (error) => error === 'no' } });

    expect(await billing.tryExecute(() => 'value')).toEqual({
      status: 'fulfilled',
      value: 'value',
      degraded: false,
    });
    expect(await billing.tryExecute(() => Promise.reject(failure()))).toEqual({
      status: 'fulfilled',
      value: 'stale',
      degraded: true,
    });
    // oxlint-disable-next-line prefer-promise-reject-errors -- any value can be thrown
    expect(await billing.tryExecute(() => Promise.reject('no'))).toEqual({
      status: 'rejected',
      reason: 'no',
    });
  });

  it('has one for each key of a registry, and forgets the one unused for longest', async () => {
    const hosts = keyed((name) => pipeline(name, { breaker: { window: { calls: 1 }, minCalls: 1 } }), {
      maxKeys: 2,
    });
    const down = () => hosts.execute(() => Promise.reject(failure()), { key: 'a' });
    await expect(down()).rejects.toThrow('backend down');

    await expect(down()).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN', policy: 'a' });
    expect(await hosts.execute(() => 'value', { key: 'b' })).toBe('value');
    expect(await hosts.execute(() => 'value', { key: 'c' })).toBe('value');
    expect([...hosts.entries()].map(([key]) => key)).toEqual(['b', 'c']);
  });

  it('lets the breaker judge values and errors as it is told, and fails with what judging throws', async () => {
    const bug = new Error('cannot judge');
    const breaker = new CircuitBreaker({
      window: { calls: 2 },
      minCalls: 2,
      classify: ({ status }) => {
        if (status === 'rejected') throw bug;
        return 'failure';
      },
    });
    const { billing } = setUp({ breaker, timeout: { timeoutMs: 100 } });

    await expect(billing.execute(() => Promise.reject(failure()))).rejects.toBe(bug);
    expect(await billing.execute(() => 'bad')).toBe('bad');
    expect(await billing.execute(() => 'bad')).toBe('bad');
    expect(breaker.state).toBe('open');
    expect(breaker.statistics().calls).toMatchObject({ failure: 2, ignored: 1 });
  });

  it('ignores a call that its caller left, in the breaker', async () => {
    const { billing } = setUp({ breaker: threeFailures, timeout: { timeoutMs: 1_000 } });
    const caller = new AbortController();
    const outcomes = Promise.allSettled(
      Array.from({ length: 5 }, () =>
        billing.execute(() => new Promise(() => {}), { signal: caller.signal }),
      ),
    );

    caller.abort();
    await outcomes;

    expect((billing.parts.breaker as CircuitBreaker).state).toBe('closed');
  });
});

describe('pipeline, values that come too late', () => {
  const disposable = () => ({ [Symbol.dispose]: vi.fn<() => void>() });

  const ways: readonly [string, PipelineSlots][] = [
    ['alone', {}],
    ['with a timeout', { timeout: { timeoutMs: 500 } }],
    ['with a timeout that is over first', { timeout: { timeoutMs: 50 } }],
    ['with a retry', { retry: 1 }],
    ['with a retry of values', { retry: { isRetryableValue: () => false } }],
    ['with a hedge', { hedge: { idempotent: true, delay: 10 } }],
    ['with a hedge and a timeout', { hedge: { idempotent: true, delay: 10 }, timeout: { timeoutMs: 500 } }],
  ];

  it.each(ways)('TO-04: are disposed of once when the caller was let go: %s', async (_, slots) => {
    const { billing, clock } = setUp({ deadlineMs: 100, ...slots });
    const { operation, runs } = manual();
    const call = billing.execute(operation).catch((error: unknown) => error);
    await clock.advance(100);
    expect(await call).toBeInstanceOf(HoldfastError);

    const late = runs.map(disposable);
    for (const [index, run] of runs.entries()) run.resolve(late[index]);
    await settle();

    expect(late.length).toBeGreaterThan(0);
    for (const value of late) expect(value[Symbol.dispose]).toHaveBeenCalledOnce();
  });

  it.each(ways)('TO-04: go to onDiscard once, and are not disposed of then: %s', async (_, slots) => {
    const discarded: unknown[] = [];
    const { billing, clock } = setUp({
      deadlineMs: 100,
      ...slots,
      onDiscard: (value) => discarded.push(value),
    });
    const { operation, runs } = manual();
    const call = billing.execute(operation).catch(() => {});
    await clock.advance(100);
    await call;

    const late = runs.map(disposable);
    for (const [index, run] of runs.entries()) run.resolve(late[index]);
    await settle();

    expect(discarded).toEqual(late);
    for (const value of late) expect(value[Symbol.dispose]).not.toHaveBeenCalled();
  });

  it('RT-15: go to onDiscard when they are tried again, or when nobody can judge them', async () => {
    const discarded: unknown[] = [];
    const onDiscard = (value: unknown): unknown => discarded.push(value);
    const bug = new Error('bug');
    const judges: PipelineSlots = {
      retry: {
        isRetryable: () => false,
        isRetryableValue: (value) => value === 'bad',
        backoff: { initialMs: 0 },
      },
      breaker: {
        classify: (outcome) => {
          if (outcome.status === 'fulfilled' && outcome.value === 'odd') throw bug;
          return 'success';
        },
      },
    };
    const { billing } = setUp({ ...judges, onDiscard });

    expect(await billing.execute(scripted('bad', 'good').operation)).toBe('good');
    await expect(billing.execute(scripted('odd').operation)).rejects.toBe(bug);
    expect(discarded).toEqual(['bad', 'odd']);
  });

  it('go to what a policy has of its own, if it has', async () => {
    const [own, shared]: [unknown[], unknown[]] = [[], []];
    const { billing } = setUp({
      retry: {
        isRetryableValue: (value) => value === 'bad',
        backoff: { initialMs: 0 },
        onDiscard: (value) => own.push(value),
      },
      onDiscard: (value) => shared.push(value),
    });

    await billing.execute(scripted('bad', 'good').operation);

    expect([own, shared]).toEqual([['bad'], []]);
  });

  it('needs a function for them', () => {
    expect(() => pipeline('billing', { onDiscard: 'drop' as never })).toThrow(
      "onDiscard must be a function, got 'drop'",
    );
  });

  it('TO-04: are left alone where others share them', async () => {
    // Between the end of the operation and its callers are a few microtasks: one caller's deadline passes after each number of them.
    for (let ticks = 0; ticks < 20; ticks += 1) {
      const { billing, clock } = setUp({ dedupe: true });
      const { operation, runs } = manual();
      const value = disposable();
      const leaving = billing.execute(operation, { key: 'a', deadlineMs: 100 }).catch(() => {});
      const staying = billing.execute(operation, { key: 'a' });
      await settle();

      runs[0]?.resolve(value);
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      clock.advanceSync(100);
      await leaving;

      expect(await staying).toBe(value);
      await settle();
      expect(value[Symbol.dispose]).not.toHaveBeenCalled();
    }
  });
});

describe('pipeline, dedupe', () => {
  it('runs one sequence of attempts for all who ask for the same key', async () => {
    const { billing, clock } = setUp({ dedupe: true, retry: { backoff: steady } });
    const { operation, contexts } = scripted(failure(), 'value');
    const calls = Array.from({ length: 10 }, () => billing.execute(operation, { key: 'invoice 42' }));

    await clock.advance(50);

    expect(await Promise.all(calls)).toEqual(Array.from({ length: 10 }, () => 'value'));
    expect(contexts).toHaveLength(2);
    expect(billing.statistics().calls.success).toBe(10);
  });

  it('leaves calls without a key alone', async () => {
    const { billing } = setUp({ dedupe: true });
    const { operation, contexts } = scripted('first', 'second');

    expect(await Promise.all([billing.execute(operation), billing.execute(operation)])).toEqual([
      'first',
      'second',
    ]);
    expect(contexts).toHaveLength(2);
  });

  it('answers each caller from the fallback by itself', async () => {
    const { billing } = setUp({ dedupe: true, fallback: (error) => (error as Error).message });
    const { operation, contexts } = scripted(failure());

    const answers = await Promise.all([
      billing.execute(operation, { key: 'a' }),
      billing.execute(operation, { key: 'a' }),
    ]);

    expect(answers).toEqual(['backend down', 'backend down']);
    expect([contexts.length, billing.statistics().calls.fallback]).toEqual([1, 2]);
  });

  it('charges the rate limit by the key, shared or not', async () => {
    const limits = { calls: { limit: 1, windowMs: 1_000 } };
    const { billing } = setUp({ dedupe: true, rateLimit: { limits } });

    await billing.execute(() => 'value', { key: 'a', tenant: 'acme' });

    await expect(billing.execute(() => 'value', { key: 'a', tenant: 'acme' })).rejects.toMatchObject({
      code: 'ERR_RATE_LIMITED',
    });
    expect(await billing.execute(() => 'value', { key: 'b', tenant: 'acme' })).toBe('value');
  });
});

describe('pipeline, fallback', () => {
  it('FB-01: answers with the error and the context at hand, after all retries', async () => {
    const seen: unknown[] = [];
    const { billing, clock } = setUp({
      deadlineMs: 1_000,
      retry: { maxRetries: 1, backoff: steady },
      fallback: (error, context: OperationContext) => {
        seen.push((error as Error).message, context.remainingMs());
        return 'fallback' as const;
      },
    });
    const call = billing.execute(() => Promise.reject<number>(failure()));
    expectTypeOf(call).toEqualTypeOf<Promise<number | 'fallback'>>();

    await clock.advance(50);

    expect(await call).toBe('fallback');
    expect(seen).toEqual(['backend down', 950]);
    expect(billing.statistics().calls).toEqual({ success: 0, failure: 0, fallback: 1, cancelled: 0 });
  });

  it.each<[string, () => never | Promise<never>]>([
    [
      'throws',
      () => {
        throw sharedFailure;
      },
    ],
    ['rejects', () => Promise.reject(sharedFailure)],
  ])('fails with the error of a fallback that %s', async (_, fallback) => {
    const { billing } = setUp({ fallback });

    await expect(billing.execute(() => Promise.reject(failure()))).rejects.toBe(sharedFailure);
    expect(billing.statistics().calls).toMatchObject({ failure: 1, fallback: 0 });
  });

  it('is bounded by the deadline like the rest', async () => {
    const { billing, clock } = setUp({ deadlineMs: 100, fallback: () => new Promise(() => {}) });
    const call = billing.execute(() => Promise.reject(failure())).catch((error: unknown) => error);

    await clock.advance(100);

    expect(await call).toBeInstanceOf(DeadlineExceededError);
    expect(clock.pending()).toBe(0);
  });
});

describe('pipeline, instances and shorthands', () => {
  it('PI-05: shares the state of a policy that is in several pipelines', async () => {
    const breaker = new CircuitBreaker({ window: { calls: 1 }, failureRatio: 1 });
    const one = pipeline('one', { breaker });
    const other = pipeline('other', { breaker });

    await one.execute(() => Promise.reject(failure())).catch(() => {});

    await expect(other.execute(() => 'value')).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
  });

  it('takes instances as they are', () => {
    const slots = {
      dedupe: new Dedupe(),
      retry: new Retry(),
      breaker: new CircuitBreaker(),
      rateLimit: new RateLimiter({ limits: { calls: { limit: 1, windowMs: 1 } } }),
      bulkhead: new Bulkhead({ limit: 1 }),
      timeout: new Timeout({ timeoutMs: 1 }),
    };

    expect(pipeline('billing', slots).parts).toMatchObject(slots);
  });

  it('names the policies that it makes, unless their options do', () => {
    const { parts } = pipeline('billing', { retry: 3, breaker: { name: 'bank' }, bulkhead: 5, dedupe: true });

    expect([parts.retry?.name, parts.breaker?.name, parts.bulkhead?.name, parts.dedupe?.name]).toEqual([
      'billing',
      'bank',
      'billing',
      'billing',
    ]);
  });

  it.each<[PipelineSlots, string]>([
    [{ deadlineMs: 0 }, 'deadlineMs must be a finite number of milliseconds of at least 1, got 0'],
    [{ fallback: 'no' as never }, "fallback must be options or an instance, got 'no'"],
    [{ retry: -1 }, 'maxRetries must be a whole number of at least 0, got -1'],
    [{ retry: 'often' as never }, "retry must be options or an instance, got 'often'"],
    [{ bulkhead: 0 }, 'limit must be a whole number of at least 1, got 0'],
    [
      { timeout: {} as never },
      'timeoutMs must be a finite number of milliseconds of at least 1, got undefined',
    ],
    [{ breaker: null as never }, 'breaker must be options or an instance, got null'],
    [{ clock: {} as never }, 'clock must be an object with now(), epoch(), schedule(), got an object'],
    [{ random: 1 as never }, 'random must be a function, got 1'],
  ])('refuses %o', (slots, message) => {
    expect(() => pipeline('billing', slots)).toThrow(message);
  });

  it('refuses an empty name', () => {
    expect(() => pipeline('')).toThrow("name must be a string that is not empty, got ''");
  });
});

describe('pipeline, wrap', () => {
  function find(this: { readonly prefix: string }, id: number, suffix: string): string {
    return `${this.prefix} ${id}${suffix}`;
  }

  it('PI-06: keeps this, parameters, name and length', async () => {
    const { billing } = setUp({ retry: 1, bulkhead: 1 });
    const invoices = { prefix: 'invoice', find: billing.wrap(find) };

    expect(await invoices.find(42, '!')).toBe('invoice 42!');
    expect([invoices.find.name, invoices.find.length]).toEqual(['find', 2]);
    expectTypeOf(invoices.find).parameters.toEqualTypeOf<[id: number, suffix: string]>();
  });

  it('PI-06: turns what the function throws into a rejection', async () => {
    const { billing } = setUp();
    const broken = billing.wrap((): never => {
      throw sharedFailure;
    });

    await expect(broken()).rejects.toBe(sharedFailure);
  });

  it('adds what the fallback gives to the type', () => {
    const { billing } = setUp({ fallback: () => undefined });

    expectTypeOf(billing.wrap(() => 1)).returns.toEqualTypeOf<Promise<number | undefined>>();
  });
});

describe('pipeline, events', () => {
  it('is one stream of what its policies and it tell, each with its slot', async () => {
    const { billing, clock } = setUp({
      retry: { maxRetries: 1, backoff: steady },
      breaker: { window: { calls: 2 }, failureRatio: 1 },
      bulkhead: 1,
      fallback: () => 'fallback',
    });
    const events: PipelineEvent[] = [];
    const unsubscribe = billing.events.subscribe((event) => events.push(event));
    const call = billing.execute(() => Promise.reject(failure()));
    await clock.advance(50);
    await call;

    expect(events.map(({ slot, event }) => `${slot} ${event.type}`)).toEqual([
      'retry retried',
      'breaker opened',
      'retry gave-up',
      'fallback answered',
    ]);
    unsubscribe();
    await billing.execute(() => 'value');
    expect(events).toHaveLength(4);
  });
});

describe('pipeline, timers and listeners', () => {
  it('leaves none behind, and no unhandled rejection, however 1,000 calls end', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const { billing, clock } = setUp({
      deadlineMs: 500,
      retry: { backoff: steady },
      breaker: true,
      bulkhead: { limit: 50, maxQueued: 500 },
      timeout: { timeoutMs: 100 },
      dedupe: true,
    });
    const caller = new AbortController();
    const endings: ((context: OperationContext) => unknown)[] = [
      () => 'value',
      () => Promise.reject(failure()),
      (context) =>
        new Promise((_, reject) =>
          context.signal.addEventListener('abort', () => reject(failure('aborted'))),
        ),
    ];
    const calls = Array.from({ length: 1_000 }, (_, i) =>
      billing.execute(endings[i % 3] as () => unknown, {
        signal: caller.signal,
        key: i % 7 === 0 ? `${i % 5}` : undefined,
      }),
    );
    const outcomes = Promise.allSettled(calls);

    await clock.advance(250);
    caller.abort('closing');
    await outcomes;
    await clock.advance(1_000);

    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
    expect(clock.pending()).toBe(0);
    expect((billing.parts.bulkhead as Bulkhead).running).toBe(0);
    expect(unhandled).toEqual([]);
    expect(Object.values(billing.statistics().calls).reduce((sum, count) => sum + count)).toBe(1_000);
  });
});

const sharedFailure = failure('shared');
