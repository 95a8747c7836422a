import type { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { cancellationOf, DeadlineExceededError, Execution, type OperationContext } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { AbandonedError, Dedupe, type DedupeEvent, DedupeFullError } from '@holdfast/dedupe';
import { describe, expect, it, onTestFinished } from 'vitest';

import { Backend } from './model/backend.ts';

function setUp(options: ConstructorParameters<typeof Dedupe>[0] = {}) {
  const clock = new ManualClock();
  const dedupe = new Dedupe({ clock, ...options });
  return { clock, dedupe, backend: new Backend() };
}

describe('Dedupe', () => {
  it('runs identical concurrent calls once and gives all of them the same value', async () => {
    const { dedupe, backend } = setUp();
    const calls = Array.from({ length: 100 }, () => dedupe.run('a', backend.operation));
    const value = { fresh: true };

    backend.flights[0]?.resolve(value);

    expect(new Set(await Promise.all(calls))).toEqual(new Set([value]));
    expect(backend.flights).toHaveLength(1);
    expect(dedupe.statistics().calls).toEqual({ leader: 1, follower: 99 });
  });

  it('keeps different keys apart', async () => {
    const { dedupe, backend } = setUp();
    const calls = [dedupe.run('a', backend.operation), dedupe.run('b', backend.operation)];

    backend.flights[1]?.resolve('of b');
    backend.flights[0]?.resolve('of a');

    expect(await Promise.all(calls)).toEqual(['of a', 'of b']);
  });

  it('delivers a failure once, by reference, and starts afresh for the next caller', async () => {
    const { dedupe, backend } = setUp();
    const failure = new Error('backend down');
    const calls = [dedupe.run('a', backend.operation), dedupe.run('a', backend.operation)];

    backend.flights[0]?.reject(failure);

    expect(await Promise.all(calls.map((call) => call.catch((error: unknown) => error)))).toEqual([
      failure,
      failure,
    ]);
    void dedupe.run('a', backend.operation);
    expect(backend.flights).toHaveLength(2);
  });

  it.each([
    ['a value', (backend: Backend) => backend.flights[0]?.resolve('value')],
    ['a failure', (backend: Backend) => backend.flights[0]?.reject(new Error('failure'))],
  ])('frees the key before anybody learns of %s', async (_, land) => {
    const { dedupe, backend } = setUp();
    const seen: number[] = [];
    const note = (): void => void seen.push(dedupe.inFlight);
    const calls = [
      dedupe.run('a', backend.operation).then(note, note),
      dedupe.run('a', backend.operation, { deadlineMs: 1_000 }).then(note, note),
    ];

    land(backend);
    await Promise.all(calls);

    expect(seen).toEqual([0, 0]);
  });

  it('passes the key on, and tenant and criticality of the first caller', async () => {
    const { dedupe } = setUp();
    const read = (context: OperationContext & { key?: string; tenant?: string; criticality?: string }) => [
      context.key,
      context.tenant,
      context.criticality,
      context.attempt,
    ];
    const terms = { tenant: 'acme', criticality: 'critical' } as const;

    expect(await dedupe.run('a', read, terms)).toEqual(['a', 'acme', 'critical', 0]);
    expect(await dedupe.run('a', read, { ...terms, deadlineMs: 9 })).toEqual(['a', 'acme', 'critical', 0]);
  });

  it('shows policies inside nothing that could cancel a flight whose first caller cannot leave', async () => {
    const { dedupe } = setUp();
    const { signal } = new AbortController();

    for (const options of [undefined, {}, { tenant: 'acme' }, { deadlineMs: Infinity }])
      expect(await dedupe.run('a', (context) => cancellationOf(context), options)).toBeUndefined();
    expect(await dedupe.run('a', (context) => cancellationOf(context), { signal })).toBeDefined();
  });

  it('shows policies inside no deadline, because theirs could not grow when somebody joins', async () => {
    const { dedupe } = setUp();
    const read = (context: OperationContext & { deadlineMs?: number }) => [
      context.deadlineMs,
      new Execution(context).remainingMs(),
    ];

    expect(await dedupe.run('a', read, { deadlineMs: 1_000 })).toEqual([undefined, Infinity]);
  });
});

describe('Dedupe, when a caller leaves', () => {
  it.each([
    ['a follower', 1],
    ['the one that started the flight', 0],
  ])('rejects only %s, with the reason of its signal', async (_, leaver) => {
    const { dedupe, backend } = setUp();
    const callers = [new AbortController(), new AbortController()];
    const calls = callers.map(({ signal }) => dedupe.run('a', backend.operation, { signal }));

    callers[leaver]?.abort('changed my mind');
    await expect(calls[leaver]).rejects.toBe('changed my mind');
    backend.flights[0]?.resolve('value');

    expect(await calls[1 - leaver]).toBe('value');
    expect(backend.flights[0]?.signal.aborted).toBe(false);
  });

  it('calls the flight off with the last one, once the key is free', async () => {
    const { dedupe, backend } = setUp();
    const caller = new AbortController();
    const call = dedupe.run('a', backend.operation, { signal: caller.signal });
    const flight = backend.flights[0];
    let inFlightOnAbort: number | undefined;
    flight?.signal.addEventListener('abort', () => (inFlightOnAbort = dedupe.inFlight));

    caller.abort('gone');

    expect(inFlightOnAbort).toBe(0);
    expect(flight?.signal.reason).toBeInstanceOf(AbandonedError);
    expect(flight?.signal.reason).toMatchObject({
      code: 'ERR_ABANDONED',
      policy: 'dedupe',
      message: 'everybody who waited on dedupe has left',
    });
    await expect(call).rejects.toBe('gone');
    expect(dedupe.statistics()).toMatchObject({ inFlight: 0, abandoned: 1 });
  });

  it('never calls a flight off that somebody waits for who cannot leave', () => {
    const { dedupe, backend } = setUp();
    const caller = new AbortController();
    void dedupe.run('a', backend.operation, { signal: caller.signal }).catch(() => {});
    void dedupe.run('a', backend.operation);

    caller.abort();

    expect(backend.flights[0]?.signal.aborted).toBe(false);
    expect(dedupe.inFlight).toBe(1);
  });

  it('gives a newcomer a flight of its own after everybody left, which the old one cannot end', async () => {
    const { dedupe, backend } = setUp();
    const caller = new AbortController();
    const left = dedupe.run('a', backend.operation, { signal: caller.signal });
    caller.abort('gone');
    const newcomer = dedupe.run('a', backend.operation);

    backend.flights[0]?.reject(new Error('called off'));
    await expect(left).rejects.toBe('gone');
    await settle();

    expect(dedupe.inFlight).toBe(1);
    backend.flights[1]?.resolve('fresh');
    expect(await newcomer).toBe('fresh');
  });

  it('lets a newcomer join after one of several left', async () => {
    const { dedupe, backend } = setUp();
    const caller = new AbortController();
    const left = dedupe.run('a', backend.operation, { signal: caller.signal });
    void dedupe.run('a', backend.operation);
    caller.abort('gone');
    const newcomer = dedupe.run('a', backend.operation);

    backend.flights[0]?.resolve('shared');

    await expect(left).rejects.toBe('gone');
    expect(await newcomer).toBe('shared');
    expect(backend.flights).toHaveLength(1);
  });

  it('does not start for a caller that had left before', async () => {
    const { dedupe, backend } = setUp();

    const call = dedupe.run('a', backend.operation, { signal: AbortSignal.abort('gone') });

    await expect(call).rejects.toBe('gone');
    expect(backend.flights).toHaveLength(0);
  });

  it('notices an operation that cancels the call which started it', async () => {
    const { dedupe } = setUp();
    const caller = new AbortController();
    const operation = (): Promise<never> => {
      caller.abort('by the operation');
      return new Promise(() => {});
    };

    await expect(dedupe.run('a', operation, { signal: caller.signal })).rejects.toBe('by the operation');
    expect(dedupe.statistics()).toMatchObject({ inFlight: 0, abandoned: 1 });
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
  });

  it('calls nothing off that settled just before', async () => {
    const { dedupe } = setUp();
    const caller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<string>();
    let signal: AbortSignal | undefined;
    const operation = (context: OperationContext): Promise<string> => {
      ({ signal } = context);
      return promise;
    };
    const call = dedupe.run('a', operation, { signal: caller.signal });
    void promise.then(() => caller.abort('a moment late'));

    resolve('value');

    await expect(call).rejects.toBe('a moment late');
    expect(signal?.aborted).toBe(false);
    expect(dedupe.statistics().abandoned).toBe(0);
  });

  it('ends only the wait of a caller whose deadline passes', async () => {
    const { clock, dedupe, backend } = setUp({ name: 'prices' });
    const hasty = dedupe.run('a', backend.operation, { deadlineMs: 100 });
    const patient = dedupe.run('a', backend.operation, { deadlineMs: 200 });
    // oxlint-disable-next-line vitest/valid-expect -- awaited once time has passed
    const late = expect(hasty).rejects.toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED', policy: 'prices' });

    await clock.advance(100);
    await late;
    backend.flights[0]?.resolve('value');

    expect(await patient).toBe('value');
    expect(clock.pending()).toBe(0);
  });

  it('calls the flight off at the latest of the deadlines, however late that caller joined', async () => {
    const { clock, dedupe, backend } = setUp();
    const calls = [dedupe.run('a', backend.operation, { deadlineMs: 100 })];
    await clock.advance(50);
    calls.push(dedupe.run('a', backend.operation, { deadlineMs: 100 }));
    const outcomes = Promise.allSettled(calls);

    await clock.advance(99);
    clock.advanceSync(0);
    expect(backend.flights[0]?.signal.aborted).toBe(false);
    await clock.advance(1);

    expect(backend.flights[0]?.signal.aborted).toBe(true);
    expect((await outcomes).map((each) => each.status)).toEqual(['rejected', 'rejected']);
  });

  it('refuses a call whose deadline is over without starting', async () => {
    const { dedupe, backend } = setUp();

    await expect(dedupe.run('a', backend.operation, { deadlineMs: 0 })).rejects.toBeInstanceOf(
      DeadlineExceededError,
    );
    expect(backend.flights).toHaveLength(0);
  });

  it('needs no timer for callers without a deadline', () => {
    const { clock, dedupe, backend } = setUp();

    void dedupe.run('a', backend.operation);
    void dedupe.run('a', backend.operation, { signal: new AbortController().signal, deadlineMs: Infinity });

    expect(clock.pending()).toBe(0);
  });

  it('keeps no process alive for a flight that lingers', async () => {
    const { clock, dedupe, backend } = setUp({ abandon: { lingerMs: 100 } });
    const caller = new AbortController();
    const call = dedupe.run('a', backend.operation, { signal: caller.signal });

    caller.abort('gone');

    await expect(call).rejects.toBe('gone');
    expect([clock.pending('background'), clock.pending('foreground')]).toEqual([1, 0]);
  });

  it('leaves nothing on the signals of callers, however their calls end', async () => {
    const { clock, dedupe, backend } = setUp();
    const { signal } = new AbortController();
    const calls = Array.from({ length: 1_000 }, (_, i) =>
      dedupe.run(`${i % 10}`, backend.operation, { signal, deadlineMs: 10 + (i % 3) }),
    );
    const outcomes = Promise.allSettled(calls);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);

    backend.flights.slice(0, 3).forEach((flight) => flight.resolve('value'));
    backend.flights.slice(3, 6).forEach((flight) => flight.reject(new Error('failure')));
    await clock.advance(12);
    await outcomes;

    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect([clock.pending(), dedupe.inFlight]).toEqual([0, 0]);
  });

  it('swallows the failure of a flight that nobody waits for', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const { dedupe, backend } = setUp();
    const caller = new AbortController();
    const call = dedupe.run('a', backend.operation, { signal: caller.signal });

    caller.abort('gone');
    backend.flights[0]?.reject(new Error('nobody listens'));
    await expect(call).rejects.toBe('gone');
    await settle();

    expect(unhandled).toEqual([]);
  });
});

describe('Dedupe, maxAgeMs and forget', () => {
  it('joins a flight up to the age, then starts a fresh one and leaves the old one its waiters', async () => {
    const { clock, dedupe, backend } = setUp({ maxAgeMs: 100 });
    const old = dedupe.run('a', backend.operation);
    await clock.advance(99);
    const follower = dedupe.run('a', backend.operation);
    await clock.advance(1);
    const fresh = dedupe.run('a', backend.operation);
    expect(backend.flights).toHaveLength(2);

    backend.flights[0]?.resolve('old');
    expect(await Promise.all([old, follower])).toEqual(['old', 'old']);
    expect(dedupe.inFlight).toBe(1);
    backend.flights[1]?.resolve('fresh');

    expect(await fresh).toBe('fresh');
    expect(dedupe.inFlight).toBe(0);
  });

  it('joins at any age if the age is unlimited', async () => {
    const { clock, dedupe, backend } = setUp({ maxAgeMs: Infinity });
    void dedupe.run('a', backend.operation);
    await clock.advance(1e12);

    void dedupe.run('a', backend.operation);

    expect(backend.flights).toHaveLength(1);
  });

  it('forgets a flight: later callers start afresh, earlier ones keep theirs', async () => {
    const { dedupe, backend } = setUp();
    const old = dedupe.run('a', backend.operation);

    expect([dedupe.forget('a'), dedupe.forget('a')]).toEqual([true, false]);
    const fresh = dedupe.run('a', backend.operation);
    backend.flights[0]?.resolve('old');
    backend.flights[1]?.resolve('fresh');

    expect(await Promise.all([old, fresh])).toEqual(['old', 'fresh']);
  });
});

describe('Dedupe, bounds', () => {
  it('runs new keys alone over maxFlights', async () => {
    const { dedupe, backend } = setUp({ maxFlights: 1 });
    void dedupe.run('a', backend.operation);
    void dedupe.run('a', backend.operation);

    void dedupe.run('b', backend.operation);
    void dedupe.run('b', backend.operation);

    expect(backend.flights).toHaveLength(3);
    expect(dedupe.inFlight).toBe(1);
    backend.flights[1]?.resolve('alone');
    await settle();
    expect(dedupe.inFlight).toBe(1);
  });

  it('runs callers over maxWaiters alone, until somebody leaves', async () => {
    const { dedupe, backend } = setUp({ maxWaiters: 2 });
    const caller = new AbortController();
    void dedupe.run('a', backend.operation);
    void dedupe.run('a', backend.operation, { signal: caller.signal }).catch(() => {});

    const alone = dedupe.run('a', backend.operation);
    expect(backend.flights).toHaveLength(2);
    expect(dedupe.inFlight).toBe(1);
    backend.flights[1]?.resolve('alone');
    expect(await alone).toBe('alone');
    caller.abort();
    void dedupe.run('a', backend.operation);

    expect(backend.flights).toHaveLength(2);
    expect(dedupe.inFlight).toBe(1);
  });
});

describe('Dedupe, over a bound that refuses', () => {
  it.each([
    ['maxFlights', 'b', { maxFlights: 1 }],
    ['maxWaiters', 'a', { maxWaiters: 1 }],
  ] as const)('refuses a call over %s without running its operation', async (bound, key, options) => {
    const { dedupe, backend } = setUp({ name: 'quotes', overflow: 'reject', ...options });
    void dedupe.run('a', backend.operation);

    const refusal: unknown = await dedupe.run(key, backend.operation).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(DedupeFullError);
    expect(refusal).toMatchObject({
      code: 'ERR_DEDUPE_FULL',
      policy: 'quotes',
      bound,
      message: `quotes has reached ${bound}`,
    });
    expect(backend.flights).toHaveLength(1);
    expect(dedupe.statistics()).toMatchObject({
      calls: { leader: 1, follower: 0 },
      inFlight: 1,
      overflowed: 1,
    });
  });
});

describe('Dedupe, tryRun', () => {
  it('never rejects, also for what run would refuse', async () => {
    const { dedupe, backend } = setUp();
    const rejected = (reason: unknown) => ({ status: 'rejected', reason, shared: false });

    expect(await dedupe.tryRun('a', backend.operation, { signal: AbortSignal.abort('gone') })).toEqual(
      rejected('gone'),
    );
    expect(await dedupe.tryRun('', backend.operation)).toEqual(
      rejected(expect.objectContaining({ code: 'ERR_INVALID_OPTION' })),
    );
  });

  it('marks a failure as shared for those who share it, and not for one that had left', async () => {
    const { dedupe, backend } = setUp();
    const caller = new AbortController();
    const calls = [
      dedupe.tryRun('a', backend.operation),
      dedupe.tryRun('a', backend.operation, { signal: caller.signal }),
      dedupe.tryRun('a', backend.operation, { deadlineMs: 100 }),
    ];
    const failure = new Error('failure');

    caller.abort('gone');
    backend.flights[0]?.reject(failure);

    expect(await Promise.all(calls)).toEqual([
      { status: 'rejected', reason: failure, shared: true },
      { status: 'rejected', reason: 'gone', shared: false },
      { status: 'rejected', reason: failure, shared: true },
    ]);
  });
});

describe('Dedupe, clone', () => {
  it('gives each caller a copy of its own, made from the value as it was', async () => {
    const { dedupe, backend } = setUp({ clone: structuredClone });
    const change = (list: number[]): number[] => {
      list.push(list.length);
      return list;
    };
    const calls = [0, 1, 2].map((call) =>
      dedupe
        .run('a', backend.operation, call === 1 ? { deadlineMs: 100 } : undefined)
        .then((value) => change(value as number[])),
    );
    const value: number[] = [];

    backend.flights[0]?.resolve(value);

    expect(await Promise.all(calls)).toEqual([[0], [0], [0]]);
    expect(value).toEqual([]);
  });

  it('copies nothing for a call that nobody joined', async () => {
    const { dedupe } = setUp({ clone: structuredClone });
    const value = {};

    expect(await dedupe.run('a', () => value)).toBe(value);
  });

  it('rejects those whose copy fails, and nobody else', async () => {
    let copies = 0;
    const clone = <T>(value: T): T => {
      if ((copies += 1) === 1) throw new Error('no copy');
      return value;
    };
    const { dedupe, backend } = setUp({ clone });
    const calls = [dedupe.run('a', backend.operation), dedupe.run('a', backend.operation)];

    backend.flights[0]?.resolve('value');

    await expect(calls[0]).rejects.toThrow('no copy');
    expect(await calls[1]).toBe('value');
    expect(dedupe.inFlight).toBe(0);
  });
});

describe('Dedupe, events and statistics', () => {
  it('tells of flights that were abandoned and outdated', async () => {
    const { clock, dedupe, backend } = setUp({ name: 'prices', maxAgeMs: 100 });
    const events: DedupeEvent[] = [];
    dedupe.events.subscribe((event) => events.push(event));
    const left = dedupe.run('a', backend.operation, { deadlineMs: 10 }).catch(() => {});
    void dedupe.run('b', backend.operation);

    await clock.advance(150);
    await left;
    void dedupe.run('b', backend.operation);

    expect(events).toEqual([
      { type: 'abandoned', policy: 'prices', key: 'a' },
      { type: 'outdated', policy: 'prices', key: 'b', ageMs: 150 },
    ]);
  });

  it('counts callers by their role', () => {
    const { dedupe, backend } = setUp();
    for (const key of ['a', 'b', 'a', 'a']) void dedupe.run(key, backend.operation);

    expect(dedupe.statistics()).toEqual({
      component: 'dedupe',
      calls: { leader: 2, follower: 2 },
      inFlight: 2,
      abandoned: 0,
      overflowed: 0,
      reentered: 0,
    });
  });
});

describe('Dedupe, bad input', () => {
  it.each([
    [{ name: '' }, "name must be a string that is not empty, got ''"],
    [{ maxAgeMs: -1 }, 'maxAgeMs must be a finite number of milliseconds of at least 0, got -1'],
    [{ maxAgeMs: NaN }, 'maxAgeMs must be a finite number of milliseconds of at least 0, got NaN'],
    [{ maxFlights: 0 }, 'maxFlights must be a whole number of at least 1, got 0'],
    [{ maxWaiters: 1.5 }, 'maxWaiters must be a whole number of at least 1, got 1.5'],
    [{ overflow: 'drop' as 'reject' }, "overflow must be one of 'bypass', 'reject', got 'drop'"],
    [{ abandon: 'stop' as 'abort' }, "abandon must be 'abort', 'continue' or { lingerMs }, got 'stop'"],
    [
      { abandon: { lingerMs: -1 } },
      'abandon.lingerMs must be a finite number of milliseconds of at least 0, got -1',
    ],
    [{ clone: {} as typeof structuredClone }, 'clone must be a function, got an object'],
    [
      { asyncContext: {} as AsyncLocalStorage<unknown> },
      'asyncContext must be an object with getStore(), run(), got an object',
    ],
    [{ clock: {} as ManualClock }, 'clock must be an object with now(), epoch(), schedule(), got an object'],
  ])('refuses %o', (options, message) => {
    expect(() => new Dedupe(options)).toThrow(message);
  });

  it('rejects a call without a key, which would share one flight with every other such call', async () => {
    const { dedupe, backend } = setUp();

    const none = undefined as unknown as string;
    const message = 'key must be a string that is not empty, got undefined';

    await expect(dedupe.run(none, backend.operation)).rejects.toThrow(message);
    expect(await dedupe.tryRun(none, backend.operation)).toMatchObject({ reason: { message } });
    await expect(dedupe.run('a', backend.operation, { deadlineMs: -1 })).rejects.toThrow(
      'deadlineMs must be a finite number of milliseconds of at least 0, got -1',
    );
    expect(backend.flights).toHaveLength(0);
  });
});
