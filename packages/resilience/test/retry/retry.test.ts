import { getEventListeners } from 'node:events';
import {
  type Clock,
  DeadlineExceededError,
  type Execution,
  HoldfastError,
  type Operation,
} from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import {
  isTransient,
  pipeline,
  Retry,
  RetryBudget,
  type RetryEvent,
  type RetryOptions,
  retryPresets,
  TimeoutError,
} from '@holdfast/resilience';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { scripted } from '../model/scripted.ts';

const failure = (message = 'backend down'): Error => new Error(message);

class Refusal extends HoldfastError {
  readonly code = 'ERR_TEST_REFUSED';
}

/** As of a bulkhead that has no room, and guesses when it will. */
class Overload extends HoldfastError {
  readonly code: `ERR_${string}`;

  constructor(code: `ERR_${string}`) {
    super('no room', { retryAfterMs: 5 });
    this.code = code;
  }
}

/** Pauses are 50, 100, 200 … ms without jitter, so that tests can tell them. */
function setUp(options: RetryOptions = {}) {
  const clock = new ManualClock();
  const retry = new Retry({ clock, backoff: { jitter: 'none' }, ...options });
  const starts: number[] = [];
  const timed =
    <T>(operation: Operation<T>): Operation<T> =>
    (context) => {
      starts.push(clock.now());
      return operation(context);
    };
  return { clock, retry, starts, timed };
}

describe('Retry', () => {
  it('runs an operation once that succeeds', async () => {
    const { retry, clock } = setUp();
    const { operation, contexts } = scripted('value');

    expect(await retry.execute(operation)).toBe('value');
    expect(contexts).toHaveLength(1);
    expect(clock.pending()).toBe(0);
  });

  it('RT-01: pauses longer before each retry and numbers the attempts', async () => {
    const { retry, clock, starts, timed } = setUp();
    const { operation, contexts } = scripted(failure(), failure(), 'value');

    const call = retry.execute(timed(operation));
    await clock.advance(1_000);

    expect(await call).toBe('value');
    expect(starts).toEqual([0, 50, 150]);
    expect(contexts.map((context) => context.attempt)).toEqual([0, 1, 2]);
  });

  it('RT-01: throws the very last error after 1 + maxRetries executions', async () => {
    const { retry, clock } = setUp({ maxRetries: 2 });
    const last = failure('last');
    const { operation, contexts } = scripted(failure(), failure(), last, 'never reached');

    const call = retry.execute(operation).catch((error: unknown) => error);
    await clock.advance(1_000);

    expect(await call).toBe(last);
    expect(contexts).toHaveLength(3);
  });

  it.each([undefined, null, 0, 'text', Symbol('thrown')])(
    'RT-18: passes a thrown %o on unchanged',
    async (thrown) => {
      const { retry, clock } = setUp({ maxRetries: 1 });
      const call = retry.execute(() => Promise.reject(thrown)).catch((error: unknown) => ({ error }));

      await clock.advance(1_000);

      expect(await call).toEqual({ error: thrown });
      expect(retry.statistics().retries).toBe(1);
    },
  );

  it('treats a synchronous throw like a rejection', async () => {
    const { retry, clock } = setUp();
    let executions = 0;
    const call = retry.execute(() => {
      executions += 1;
      if (executions === 1) throw failure();
      return 'plain value';
    });

    await clock.advance(50);

    expect(await call).toBe('plain value');
  });
});

describe('Retry, nested', () => {
  it('counts its own attempts, whatever repeats it', async () => {
    const { retry: outer, clock } = setUp({ maxRetries: 1 });
    const inner = new Retry({ clock, maxRetries: 0 });
    const attempts: [outer: number, inner: number][] = [];
    const call = outer.execute((context) =>
      inner.execute(({ attempt }) => {
        attempts.push([context.attempt, attempt]);
        if (attempts.length === 1) throw failure();
      }, context as Execution),
    );

    await clock.advance(50);
    await call;

    expect(attempts).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });
});

describe('Retry, cancellation', () => {
  it('RT-02: does not start for a caller that has left', async () => {
    const { retry } = setUp();
    const { operation, contexts } = scripted('value');

    await expect(retry.execute(operation, { signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
    expect(contexts).toHaveLength(0);
  });

  it('RT-02: ends a pause at once, with the reason, and leaves no timer and no listener', async () => {
    const { retry, clock } = setUp();
    const caller = new AbortController();
    const { operation, contexts } = scripted(failure(), 'value');
    const call = retry.execute(operation, { signal: caller.signal }).catch((error: unknown) => error);
    await clock.advance(49);

    caller.abort('gone');

    expect(await call).toBe('gone');
    expect(clock.pending()).toBe(0);
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
    await clock.advance(1_000);
    expect(contexts).toHaveLength(1);
  });

  it.each([
    ['before a pause', 100],
    ['without a pause', 0],
  ])('RT-02: starts nothing more when a listener to its events cancels the call %s', async (_, initialMs) => {
    const { retry, clock } = setUp({ backoff: { initialMs, jitter: 'none' } });
    const { operation, contexts } = scripted(failure(), 'value');
    const caller = new AbortController();
    const reason = new Error('enough');
    retry.events.subscribe(() => caller.abort(reason));

    await expect(retry.execute(operation, { signal: caller.signal })).rejects.toBe(reason);

    expect(contexts).toHaveLength(1);
    expect(clock.pending()).toBe(0);
    expect(retry.statistics().retries).toBe(0);
  });

  it.each<[string, RetryOptions, { deadlineMs?: number }]>([
    ['the deadline', {}, { deadlineMs: 200 }],
    ['maxElapsedMs', { maxElapsedMs: 200 }, {}],
  ])(
    'RT-05: starts nothing when a pause ends after %s because the process was busy',
    async (_, options, call) => {
      const time = new ManualClock();
      const busy: Clock = {
        now: () => time.now(),
        epoch: () => time.epoch(),
        schedule: (task, delayMs) => time.schedule(task, delayMs + 500),
      };
      const { retry } = setUp({ ...options, clock: busy });
      const last = failure();
      const { operation, contexts } = scripted(last, 'value');

      const outcome = Promise.allSettled([retry.execute(operation, call)]);
      await time.advance(1_000);

      expect(await outcome).toMatchObject([{ reason: last }]);
      expect(contexts).toHaveLength(1);
      expect(retry.statistics()).toMatchObject({ retries: 0, calls: { failedWithoutRetry: 1 } });
    },
  );

  it('RT-19: keeps the process alive during a pause', async () => {
    const { retry, clock } = setUp();
    const call = retry.execute(scripted(failure(), 'value').operation);
    await settle();

    expect(clock.pending('foreground')).toBe(1);
    await clock.advance(50);
    await call;
  });

  it('RT-03: prefers the reason to the error of an operation that the caller left meanwhile', async () => {
    const { retry } = setUp();
    const caller = new AbortController();
    const operation = (): Promise<never> => {
      caller.abort('gone');
      return Promise.reject(failure());
    };

    await expect(retry.execute(operation, { signal: caller.signal })).rejects.toBe('gone');
  });

  it('asks isRetryable nothing about calls that were left', async () => {
    const asked: unknown[] = [];
    const { retry } = setUp({ isRetryable: (error) => asked.push(error) > 0 });
    const caller = new AbortController();
    const operation = (): never => {
      caller.abort('gone');
      throw failure();
    };

    await expect(retry.execute(operation, { signal: caller.signal })).rejects.toBe('gone');
    expect(asked).toEqual([]);
  });

  it('heeds a caller that leaves while isRetryable decides', async () => {
    const caller = new AbortController();
    const { retry, clock } = setUp({
      isRetryable: () => {
        caller.abort('gone');
        return true;
      },
    });

    const call = retry.execute(scripted(failure()).operation, { signal: caller.signal });

    await expect(call).rejects.toBe('gone');
    expect(clock.pending()).toBe(0);
  });
});

describe('Retry, time limits', () => {
  it('refuses a call whose deadline is over', async () => {
    const { retry } = setUp();
    const { operation, contexts } = scripted('value');

    await expect(retry.execute(operation, { deadlineMs: 0 })).rejects.toBeInstanceOf(DeadlineExceededError);
    expect(contexts).toHaveLength(0);
  });

  it.each([
    ['the deadline', {}, { deadlineMs: 150 }],
    ['maxElapsedMs', { maxElapsedMs: 150 }, {}],
  ])('RT-05: fails at once where a pause would last up to %s', async (_, options, call) => {
    const { retry, clock } = setUp(options);
    const last = failure('last');
    const outcome = retry.execute(scripted(failure(), last).operation, call).catch((error: unknown) => error);

    await clock.advance(50);

    expect(await outcome).toBe(last);
    expect(clock.now()).toBe(50);
  });

  it.each([
    ['the deadline', {}, { deadlineMs: 151 }],
    ['maxElapsedMs', { maxElapsedMs: 151 }, {}],
  ])('RT-05: retries where a pause ends before %s', async (_, options, call) => {
    const { retry, clock } = setUp(options);
    const outcome = retry.execute(scripted(failure(), failure(), 'value').operation, call);

    await clock.advance(150);

    expect(await outcome).toBe('value');
  });

  it('RT-05: counts what the operation takes against maxElapsedMs', async () => {
    const { retry, clock } = setUp({ maxElapsedMs: 100 });
    const slow = failure('slow');
    const operation = (): Promise<never> =>
      new Promise((_, reject) => {
        clock.schedule(() => reject(slow), 60);
      });
    const outcome = retry.execute(operation).catch((error: unknown) => error);

    await clock.advance(1_000);

    expect(await outcome).toBe(slow);
    expect(retry.statistics().retries).toBe(0);
  });

  it('tells each attempt what is left of the deadline', async () => {
    const { retry, clock } = setUp();
    const left: number[] = [];
    const call = retry.execute(
      (context) => {
        left.push(context.remainingMs());
        if (left.length < 3) throw failure();
      },
      { deadlineMs: 1_000 },
    );

    await clock.advance(150);
    await call;

    expect(left).toEqual([1_000, 950, 850]);
  });
});

describe('Retry, retryAfterMs', () => {
  const refused = (retryAfterMs?: number): Refusal => new Refusal('refused', { retryAfterMs });

  it.each([
    ['a refusal that does not say when to come back', refused(), {}, undefined],
    ['a refusal that fits the deadline', refused(5_000), { deadlineMs: 5_001 }, 5_000],
    ['a refusal that does not fit the deadline', refused(5_000), { deadlineMs: 5_000 }, undefined],
    ['a refusal within backoff.maxMs, without a deadline', refused(2_000), {}, 2_000],
    ['a refusal over backoff.maxMs, without a deadline', refused(2_001), {}, undefined],
    ['a refusal for less than the pause', refused(1), {}, 50],
    ['an error of the operation', Object.assign(failure(), { retryAfterMs: 700 }), {}, 700],
    ['an error with nonsense', Object.assign(failure(), { retryAfterMs: -1 }), {}, 50],
    ['an error with NaN', Object.assign(failure(), { retryAfterMs: NaN }), {}, 50],
    ['an error with a date', Object.assign(failure(), { retryAfterMs: 'Wed, 21 Oct 2026' }), {}, 50],
  ])('RT-09: waits for %s as long as it says, or fails at once', async (_, error, call, expectedMs) => {
    const { retry, clock, starts, timed } = setUp({ maxRetries: 1 });
    const outcome = retry
      .execute(timed(scripted(error, 'value').operation), call)
      .catch((thrown: unknown) => thrown);

    await clock.advance(10_000);

    expect(await outcome).toBe(expectedMs === undefined ? error : 'value');
    expect(starts[1]).toBe(expectedMs);
  });
});

describe('Retry, isRetryable', () => {
  it('stops at an error that the predicate refuses', async () => {
    const { retry, clock } = setUp({ isRetryable: (error) => (error as Error).message !== 'fatal' });
    const fatal = failure('fatal');
    const { operation, contexts } = scripted(failure(), fatal, 'never reached');
    const call = retry.execute(operation).catch((error: unknown) => error);

    await clock.advance(1_000);

    expect(await call).toBe(fatal);
    expect(contexts).toHaveLength(2);
  });

  it('RT-17: waits for a predicate that takes its time', async () => {
    const { retry, clock } = setUp({ isRetryable: async () => false });
    const error = failure();

    await expect(retry.execute(scripted(error).operation)).rejects.toBe(error);
    expect(clock.pending()).toBe(0);
  });

  it.each([
    [
      'throws',
      () => {
        throw failure('predicate broken');
      },
    ],
    ['rejects', () => Promise.reject(failure('predicate broken'))],
  ])('RT-17: makes it the outcome if the predicate %s', async (_, isRetryable) => {
    const { retry } = setUp({ isRetryable });

    await expect(retry.execute(scripted(failure()).operation)).rejects.toThrow('predicate broken');
    expect(retry.statistics().calls.failedWithoutRetry).toBe(1);
  });
});

describe('isTransient', () => {
  it.each([
    [failure(), true],
    ['a string', true],
    [undefined, true],
    [new TimeoutError('attempt', 100), true],
    [new TypeError('fetch failed', { cause: failure('ECONNRESET') }), true],
    [new Refusal('later', { retryAfterMs: 0 }), true],
    [new Refusal('no'), false],
    [new Overload('ERR_BULKHEAD_FULL'), false],
    [new Overload('ERR_SHED'), false],
    [new DeadlineExceededError('call'), false],
    [new TypeError('x is not a function'), false],
    [new ReferenceError('x is not defined'), false],
    [new RangeError('Invalid array length'), false],
    [new DOMException('aborted', 'AbortError'), false],
  ])('says of %o: %o', (error, expected) => {
    expect(isTransient(error)).toBe(expected);
  });
});

describe('Retry, pauses of 0 ms', () => {
  it('RT-08: needs no timer, but lets the event loop turn every eighth time', async () => {
    const { retry, clock } = setUp({ maxRetries: 20, backoff: { initialMs: 0 } });
    let executions = 0;
    const call = retry.execute(() => {
      executions += 1;
      throw failure();
    });
    const outcome = call.catch(() => {});

    await settle();
    expect([executions, clock.pending()]).toEqual([8, 1]);
    await clock.advance(0);

    await outcome;
    expect(executions).toBe(21);
  });
});

describe('Retry, budget', () => {
  it('RT-14: grants no retry without budget, keeps first attempts going and tells', async () => {
    const clock = new ManualClock();
    const budget = new RetryBudget({ clock, ratio: 0, minPerSecond: 1 });
    const { retry } = setUp({ clock, budget, backoff: { initialMs: 0 } });
    const events: RetryEvent[] = [];
    retry.events.subscribe((event) => events.push(event));
    const { operation, contexts } = scripted(failure(), failure('second'), failure('third'));

    await expect(retry.execute(operation)).rejects.toThrow('second');
    await expect(retry.execute(operation)).rejects.toThrow('third');

    expect(contexts).toHaveLength(3);
    expect(events.filter((event) => event.type === 'budget-exhausted')).toHaveLength(2);
  });

  it('is filled by calls', async () => {
    const clock = new ManualClock();
    const budget = new RetryBudget({ clock, ratio: 1, minPerSecond: 0 });
    const { retry } = setUp({ clock, budget, backoff: { initialMs: 0 } });

    expect(await retry.execute(scripted(failure(), 'value').operation)).toBe('value');
  });

  it('charges nothing for refusals, which put no load on what they protect', async () => {
    const clock = new ManualClock();
    const budget = new RetryBudget({ clock, ratio: 0, minPerSecond: 0 });
    const { retry } = setUp({ clock, budget, backoff: { initialMs: 0 } });

    const call = retry.execute(scripted(new Refusal('later', { retryAfterMs: 0 }), 'value').operation);

    expect(await call).toBe('value');
  });
});

describe('Retry, events and statistics', () => {
  it('tells of each retry and of giving up', async () => {
    const { retry, clock } = setUp({ name: 'billing', maxRetries: 1 });
    const events: RetryEvent[] = [];
    const unsubscribe = retry.events.subscribe((event) => events.push(event));
    onTestFinished(unsubscribe);
    const [first, second] = [failure('first'), failure('second')];
    const call = retry.execute(scripted(first, second).operation).catch(() => {});

    await clock.advance(50);
    await call;

    expect(events).toEqual([
      { type: 'retried', policy: 'billing', attempt: 1, delayMs: 50, error: first },
      { type: 'gave-up', policy: 'billing', attempts: 2, error: second },
    ]);
  });

  it('counts calls by how they ended and whether they were retried', async () => {
    const { retry } = setUp({ maxRetries: 1, backoff: { initialMs: 0 } });

    await retry.execute(scripted('value').operation);
    await retry.execute(scripted(failure(), 'value').operation);
    await retry.execute(scripted(failure(), failure()).operation).catch(() => {});
    await retry.execute(scripted(new TypeError('bug')).operation).catch(() => {});

    expect(retry.statistics()).toEqual({
      component: 'retry',
      calls: { succeededWithoutRetry: 1, succeededAfterRetry: 1, failedWithoutRetry: 1, failedAfterRetry: 1 },
      retries: 2,
    });
  });
});

describe('Retry, bad input', () => {
  it.each<[object, string]>([
    [{ name: '' }, "name must be a string that is not empty, got ''"],
    [{ maxRetries: -1 }, 'maxRetries must be a whole number of at least 0, got -1'],
    [{ maxElapsedMs: -1 }, 'maxElapsedMs must be a finite number of milliseconds of at least 0, got -1'],
    [{ isRetryable: 'no' }, "isRetryable must be a function, got 'no'"],
    [{ random: 1 }, 'random must be a function, got 1'],
    [{ clock: {} }, 'clock must be an object with now(), epoch(), schedule(), got an object'],
    [{ budget: null }, 'budget must be an object with earn(), trySpend(), got null'],
    [{ backoff: null }, 'backoff must be an object, got null'],
    [{ budget: {} }, 'budget must be an object with earn(), trySpend(), got an object'],
    [
      { backoff: { initialMs: NaN } },
      'backoff.initialMs must be a finite number of milliseconds of at least 0, got NaN',
    ],
    [
      { backoff: { maxMs: 49 } },
      'backoff.maxMs must be a finite number of milliseconds of at least 50, got 49',
    ],
    [{ backoff: { factor: 0.5 } }, 'backoff.factor must be a finite number of at least 1, got 0.5'],
    [{ backoff: { jitter: 'some' } }, "backoff.jitter must be one of 'full', 'equal', 'none', got 'some'"],
  ])('refuses %o', (options, message) => {
    expect(() => new Retry(options)).toThrow(message);
  });

  it('rejects a call with a broken deadline', async () => {
    await expect(new Retry().execute(() => 1, { deadlineMs: NaN })).rejects.toThrow(
      'deadlineMs must be a finite number of milliseconds of at least 0, got NaN',
    );
  });
});

describe('Retry, values', () => {
  const isBad = (value: unknown): boolean => value === 'bad';

  it('RT-15: tries again after a value that is not wanted, and disposes of it once', async () => {
    const onDiscard = vi.fn<(value: unknown) => void>();
    const retry = new Retry({ isRetryableValue: isBad, onDiscard, backoff: { initialMs: 0 } });

    expect(await retry.execute(scripted('bad', 'good').operation)).toBe('good');
    expect(onDiscard.mock.calls).toEqual([['bad']]);
    expect(retry.statistics()).toMatchObject({ calls: { succeededAfterRetry: 1 }, retries: 1 });
  });

  it('RT-15: gives out the last value if there is no better one, and never disposes of it', async () => {
    const onDiscard = vi.fn<(value: unknown) => void>();
    const retry = new Retry({ maxRetries: 1, isRetryableValue: isBad, onDiscard, backoff: { initialMs: 0 } });

    expect(await retry.execute(scripted('bad', 'bad').operation)).toBe('bad');
    expect(onDiscard).toHaveBeenCalledOnce();
    expect(retry.statistics().calls.failedAfterRetry).toBe(1);
  });

  it('RT-15: calls the dispose method of a value unless told otherwise', async () => {
    const disposed = vi.fn<() => void>();
    const bad = { [Symbol.dispose]: disposed };
    const retry = new Retry({ isRetryableValue: (value) => value === bad, backoff: { initialMs: 0 } });

    expect(await retry.execute(scripted(bad, 'good').operation)).toBe('good');
    expect(disposed).toHaveBeenCalledOnce();
  });

  it('waits as long as the value says', async () => {
    const clock = new ManualClock();
    const busy = { retryAfterMs: 700 };
    const retry = new Retry({ clock, isRetryableValue: (value) => value === busy });
    const { operation, contexts } = scripted(busy, 'good');
    const call = retry.execute(operation);
    await clock.advance(699);
    expect(contexts).toHaveLength(1);
    await clock.advance(1);

    expect(await call).toBe('good');
  });

  it('does the same in a pipeline', async () => {
    const service = pipeline('service', { retry: { isRetryableValue: isBad, backoff: { initialMs: 0 } } });

    expect(await service.execute(scripted('bad', 'good').operation)).toBe('good');
    expect(await service.execute(scripted('bad', 'bad', 'bad').operation)).toBe('bad');
    expect(service.statistics().calls).toMatchObject({ success: 2, failure: 0 });
  });

  it('RT-17: fails with what judging throws, and disposes of the value', async () => {
    const onDiscard = vi.fn<(value: unknown) => void>();
    const error = new Error('cannot judge');
    const retry = new Retry({ isRetryableValue: () => Promise.reject(error), onDiscard });

    await expect(retry.execute(() => 'value')).rejects.toBe(error);
    expect(onDiscard).toHaveBeenCalledOnce();
  });

  it('has a preset that pauses 1, 2 and 4 seconds at most', async () => {
    const clock = new ManualClock();
    const retry = new Retry({ ...retryPresets.patient, clock, random: () => 1 });
    const startedAt: number[] = [];
    const call = retry.execute(() => {
      startedAt.push(clock.now());
      return Promise.reject(new Error('down'));
    });
    const thrown = call.catch((error: unknown) => error);
    await clock.advance(7_000);

    expect(await thrown).toMatchObject({ message: 'down' });
    expect(startedAt).toEqual([0, 1_000, 3_000, 7_000]);
  });
});
