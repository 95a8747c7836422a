import { getEventListeners } from 'node:events';
import { type Clock, DeadlineExceededError, type OperationContext } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { Timeout, TimeoutError, type TimeoutEvent, type TimeoutOptions } from '@holdfast/resilience';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { manual, type ManualRun } from '../model/scripted.ts';

function setUp(options: Partial<TimeoutOptions> = {}) {
  const clock = new ManualClock();
  const timeout = new Timeout({ timeoutMs: 100, clock, ...options });
  const events: TimeoutEvent[] = [];
  timeout.events.subscribe((event) => events.push(event));
  return { clock, timeout, events, ...manual() };
}

/** How a call ended, `'pending'` if it has not. */
function watch(call: Promise<unknown>): { outcome: unknown } {
  const watched: { outcome: unknown } = { outcome: 'pending' };
  call.then(
    (value) => (watched.outcome = value),
    (error: unknown) => (watched.outcome = error),
  );
  return watched;
}

/** Counts what is left of it by how often it was released. */
function heldSlot(): { released: number; release(): void } {
  return {
    released: 0,
    release() {
      this.released += 1;
    },
  };
}

describe('Timeout', () => {
  it('TO-01: passes a result on that comes 1 ms before the time is up', async () => {
    const { clock, timeout, operation, runs } = setUp();
    const call = timeout.execute(operation);
    await clock.advance(99);

    runs[0]?.resolve('value');

    expect(await call).toBe('value');
  });

  it('passes errors on untouched', async () => {
    const { timeout, operation, runs } = setUp();
    const error = new Error('own');
    const call = timeout.execute(operation);

    runs[0]?.reject(error);

    await expect(call).rejects.toBe(error);
  });

  it('TO-01: lets the caller go when the time is up and aborts the operation with the same error', async () => {
    const { clock, timeout, operation, runs } = setUp({ name: 'search' });
    const call = watch(timeout.execute(operation));
    const signal = runs[0]?.context.signal;

    await clock.advance(100);

    expect(call.outcome).toBeInstanceOf(TimeoutError);
    expect(call.outcome).toMatchObject({
      name: 'TimeoutError',
      code: 'ERR_TIMEOUT',
      policy: 'search',
      timeoutMs: 100,
    });
    expect(signal?.reason).toBe(call.outcome);
  });

  it('TO-01: lets a result win that settled in the turn of the timer', async () => {
    const { clock, timeout, operation, runs } = setUp();
    const call = watch(timeout.execute(operation));
    await clock.advance(99);

    runs[0]?.resolve('value');
    await clock.advance(1);

    expect(call.outcome).toBe('value');
  });

  it.each([
    ['a plain value', () => 'value', 'value'],
    // oxlint-disable-next-line unicorn/no-thenable -- that is the point
    ['a thenable', () => ({ then: (resolve: (value: string) => void) => resolve('value') }), 'value'],
  ])('takes %s for a result', async (_, operation, expected) => {
    const { timeout } = setUp();

    expect(await timeout.execute(operation as () => string)).toBe(expected);
  });

  it('turns a synchronous throw into a rejection', async () => {
    const { clock, timeout } = setUp();
    const broken = new Error('broken');

    const call = timeout.execute(() => {
      throw broken;
    });

    await expect(call).rejects.toBe(broken);
    expect(clock.pending()).toBe(0);
  });

  it('tells the operation how much time it has', async () => {
    const { timeout } = setUp();
    const remainingMs = (context: OperationContext): number => context.remainingMs();

    expect(await timeout.execute(remainingMs)).toBe(100);
    expect(await timeout.execute(remainingMs, { deadlineMs: 30 })).toBe(30);
    expect(await timeout.execute(remainingMs, { deadlineMs: 300 })).toBe(100);
  });

  it('aborts nothing when the operation ends by itself', async () => {
    const { clock, timeout, operation, runs } = setUp();
    const call = timeout.execute(operation);
    const signal = runs[0]?.context.signal;

    runs[0]?.resolve('value');
    await call;
    await clock.advance(1_000);

    expect(signal?.aborted).toBe(false);
  });

  it('lets the caller go once, also where a listener aborts the call that it is told of', async () => {
    const { clock, timeout, operation, runs } = setUp();
    const caller = new AbortController();
    timeout.events.subscribe(() => caller.abort());

    const call = watch(timeout.execute(operation, { signal: caller.signal }));
    await clock.advance(100);
    runs[0]?.resolve('late');
    await settle();

    expect(call.outcome).toBeInstanceOf(TimeoutError);
    expect(timeout.statistics()).toMatchObject({ calls: { timedOut: 1 }, zombies: 0 });
  });

  it('TO-11: aborts only the operation that took too long', async () => {
    const { clock, timeout, operation, runs } = setUp();
    const calls = [watch(timeout.execute(operation))];
    await clock.advance(50);
    calls.push(watch(timeout.execute(operation)));
    const signals = runs.map((run) => run.context.signal);

    await clock.advance(50);

    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
    expect(calls[1]?.outcome).toBe('pending');
  });

  it('TO-08: takes no limit for no limit, and a long one for long', async () => {
    const { clock, timeout: unlimited, operation } = setUp({ timeoutMs: Infinity });
    const long = new Timeout({ timeoutMs: 2 ** 32, clock });
    const calls = [watch(unlimited.execute(operation)), watch(long.execute(operation))];

    await clock.advance(2 ** 31);
    expect(calls.map((call) => call.outcome)).toEqual(['pending', 'pending']);
    await clock.advance(2 ** 31);

    expect(calls[0]?.outcome).toBe('pending');
    expect(calls[1]?.outcome).toBeInstanceOf(TimeoutError);
  });
});

describe('Timeout, who lets the caller go', () => {
  it('TO-02: rejects with the reason of the signal, at once and without an event', async () => {
    const { clock, timeout, operation, runs, events } = setUp();
    const caller = new AbortController();
    const call = timeout.execute(operation, { signal: caller.signal });
    const signal = runs[0]?.context.signal;

    caller.abort('changed my mind');

    await expect(call).rejects.toBe('changed my mind');
    expect(signal?.reason).toBe('changed my mind');
    expect([clock.pending(), events.length]).toEqual([0, 0]);
  });

  it('TO-03: does not start for a caller that has left', async () => {
    const { timeout, operation, runs } = setUp();

    await expect(timeout.execute(operation, { signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
    expect(runs).toHaveLength(0);
  });

  it.each([
    ['before the timeout', 99, 99, DeadlineExceededError],
    ['together with the timeout', 100, 100, DeadlineExceededError],
    ['after the timeout', 101, 100, TimeoutError],
  ])('TO-14: names the deadline or the timeout: %s', async (_, deadlineMs, settlesAt, kind) => {
    const { clock, timeout, operation } = setUp();
    const call = watch(timeout.execute(operation, { deadlineMs }));

    await clock.advance(settlesAt - 1);
    expect(call.outcome).toBe('pending');
    await clock.advance(1);

    expect(call.outcome).toBeInstanceOf(kind);
    expect(clock.pending()).toBe(0);
  });

  it('TO-13: does not start when the deadline is over', async () => {
    const { timeout, operation, runs } = setUp();

    await expect(timeout.execute(operation, { deadlineMs: 0 })).rejects.toBeInstanceOf(DeadlineExceededError);
    expect(runs).toHaveLength(0);
  });

  it('leaves an error alone that the operation had from a deadline of its own', async () => {
    const { timeout } = setUp();
    const own = new DeadlineExceededError('further in');

    await expect(timeout.execute(() => Promise.reject(own))).rejects.toBe(own);
    expect(timeout.statistics().calls).toEqual({ inTime: 1, timedOut: 0 });
  });

  it('is a timeout also where something nested notices a moment before', async () => {
    const { clock, timeout } = setUp();
    const notices = (): Promise<never> =>
      new Promise((_, reject) => {
        clock.schedule(() => reject(new DeadlineExceededError('further in')), 99.5);
      });
    const call = watch(timeout.execute(notices));

    await clock.advance(99.5);

    expect(call.outcome).toBeInstanceOf(TimeoutError);
    expect(timeout.statistics().calls).toEqual({ inTime: 0, timedOut: 1 });
  });

  it('leaves the deadline of the call a deadline where a nested policy is the first to notice', async () => {
    const { clock } = setUp();
    const noticed = new DeadlineExceededError('further in');
    const notices = (): Promise<never> =>
      new Promise((_, reject) => {
        clock.schedule(() => reject(noticed), 50);
      });
    const tardy = Object.assign(Object.create(clock) as Clock, {
      now: () => clock.now(),
      // Timers of the platform are not that punctual.
      schedule: (task: () => void, delayMs: number) => clock.schedule(task, delayMs + 1),
    });
    const late = new Timeout({ timeoutMs: 100, clock: tardy });
    const call = watch(late.execute(notices, { deadlineMs: 50 }));

    await clock.advance(50);

    expect(call.outcome).toBe(noticed);
    expect(late.statistics().calls.timedOut).toBe(0);
  });

  it('reaches what is nested, through contexts alone', async () => {
    const { clock, timeout, operation, runs } = setUp();
    const inner = new Timeout({ timeoutMs: 1_000, clock });
    const call = watch(timeout.execute((context) => inner.execute(operation, context)));
    const signal = runs[0]?.context.signal;

    await clock.advance(100);

    expect(call.outcome).toBeInstanceOf(TimeoutError);
    expect(signal?.aborted).toBe(true);
  });
});

describe('Timeout, timers and listeners', () => {
  it('TO-09: needs no timer for what ends in its turn', async () => {
    const { clock, timeout } = setUp();
    const schedule = vi.spyOn(clock, 'schedule');

    await timeout.execute(async () => 'value');
    await clock.advance(1_000);

    expect(schedule).not.toHaveBeenCalled();
  });

  it('TO-09: needs one timer for any number of runs, none when all have ended', async () => {
    const { clock, timeout, operation, runs } = setUp();
    const calls = Array.from({ length: 1_000 }, () => timeout.execute(operation));
    await settle();
    expect(clock.pending('foreground')).toBe(1);

    for (const run of runs) run.resolve('value');
    await Promise.all(calls);

    expect(clock.pending()).toBe(0);
  });

  it('times each run from its own start', async () => {
    const { clock, timeout, operation } = setUp();
    const calls: { outcome: unknown }[] = [];
    for (let i = 0; i < 5; i += 1) {
      calls.push(watch(timeout.execute(operation)));
      await clock.advance(30);
    }
    const pending = (): number => calls.filter((call) => call.outcome === 'pending').length;

    const seen: number[] = [pending()];
    for (let i = 0; i < 3; i += 1) {
      await clock.advance(30);
      seen.push(pending());
    }

    expect(seen).toEqual([3, 2, 1, 0]);
    expect(clock.pending()).toBe(0);
  });

  it('goes on for the next ones when an expiry starts another run', async () => {
    const { clock, timeout, operation } = setUp();
    const calls: { outcome: unknown }[] = [];
    const again = (context: OperationContext): Promise<unknown> => {
      context.signal.addEventListener('abort', () => calls.push(watch(timeout.execute(operation))));
      return new Promise(() => {});
    };
    calls.push(watch(timeout.execute(again)));

    await clock.advance(100);
    expect([calls.length, clock.pending()]).toEqual([2, 1]);
    await clock.advance(100);

    expect(calls.map((call) => call.outcome)).toEqual([expect.any(TimeoutError), expect.any(TimeoutError)]);
    expect(clock.pending()).toBe(0);
  });

  it('TO-05: leaves nothing on the signal of a caller, however its calls end', async () => {
    const { clock, timeout } = setUp();
    const caller = new AbortController();
    const endings = [
      () => 'value',
      () => Promise.reject(new Error('own')),
      (context: OperationContext) => context.signal.aborted,
      (context: OperationContext) =>
        new Promise((resolve) => context.signal.addEventListener('abort', resolve)),
      () => new Promise(() => {}),
    ];
    const calls = Array.from({ length: 10_000 }, (_, i) =>
      timeout.execute(endings[i % endings.length] as () => unknown, { signal: caller.signal }),
    );
    const outcomes = Promise.allSettled(calls);
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1);

    await clock.advance(100);
    await outcomes;

    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
    expect(clock.pending()).toBe(0);
  });

  it('TO-06: makes an AbortController only for an operation that reads its signal', async () => {
    const { clock, timeout } = setUp();
    const made = vi.spyOn(globalThis, 'AbortController');
    onTestFinished(() => made.mockRestore());

    await timeout.execute(() => 'value');
    await timeout.execute((context) => context.remainingMs());
    void timeout.execute(() => new Promise(() => {})).catch(() => {});
    await clock.advance(100);
    expect(made).not.toHaveBeenCalled();
    await timeout.execute((context) => context.signal.aborted);

    expect(made).toHaveBeenCalledOnce();
  });

  it('TO-04: swallows what an operation throws after its caller was let go', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const { clock, timeout, operation, runs } = setUp();
    const call = watch(timeout.execute(operation));

    await clock.advance(100);
    runs[0]?.reject(new Error('too late'));
    await settle();

    expect(call.outcome).toBeInstanceOf(TimeoutError);
    expect(unhandled).toEqual([]);
  });
});

describe('Timeout, values that come too late', () => {
  it('TO-04: hands each to onDiscard, once, and no other', async () => {
    const onDiscard = vi.fn<(value: unknown) => void>();
    const { clock, timeout, operation, runs } = setUp({ onDiscard });
    const caller = new AbortController();
    const calls = [
      watch(timeout.execute(operation)),
      watch(timeout.execute(operation, { signal: caller.signal })),
      watch(timeout.execute(operation, { deadlineMs: 50 })),
      watch(timeout.execute(operation)),
    ];
    caller.abort('gone');
    runs[3]?.resolve('in time');
    await clock.advance(100);

    for (const [index, run] of runs.entries()) run.resolve(`late ${index}`);
    await settle();

    expect(calls.at(-1)?.outcome).toBe('in time');
    expect(onDiscard.mock.calls).toEqual([['late 0'], ['late 1'], ['late 2']]);
  });

  it.each([Symbol.dispose, Symbol.asyncDispose])(
    'TO-04: calls %s of it unless told otherwise',
    async (symbol) => {
      const disposed = vi.fn<() => void>();
      const { clock, timeout, operation, runs } = setUp();
      const call = watch(timeout.execute(operation));
      await clock.advance(100);

      runs[0]?.resolve({ [symbol]: disposed });
      await settle();

      expect(call.outcome).toBeInstanceOf(TimeoutError);
      expect(disposed).toHaveBeenCalledOnce();
    },
  );
});

describe('Timeout, late timers', () => {
  it('TO-07: reads what arrived while the process was busy before it gives up', async () => {
    const { clock, ...rest } = setUp();
    let lateMs = 0;
    const busy = Object.assign(Object.create(clock) as Clock, {
      now: () => clock.now() + lateMs,
      schedule: clock.schedule.bind(clock),
    });
    const { timeout, events, operation, runs } = { ...rest, ...setUp({ clock: busy }) };
    const calls = [watch(timeout.execute(operation)), watch(timeout.execute(operation))];

    await settle();

    lateMs = 11;
    clock.schedule(() => runs[0]?.resolve('value'), 100);
    await clock.advance(100);

    expect(events).toEqual([
      { type: 'lagged', policy: 'timeout', lateMs: 11 },
      { type: 'timed-out', policy: 'timeout', timeoutMs: 100 },
    ]);
    expect(calls[0]?.outcome).toBe('value');
    expect(calls[1]?.outcome).toBeInstanceOf(TimeoutError);
  });

  it('does not put an expiry off by the time that the one before takes to be told', async () => {
    const { clock, timeout, operation, runs } = setUp();
    const calls = [watch(timeout.execute(operation))];
    await clock.advance(1);
    calls.push(watch(timeout.execute(operation)));
    const abortedAt: number[] = [];
    runs[0]?.context.signal.addEventListener('abort', () => clock.advanceSync(30));
    runs[1]?.context.signal.addEventListener('abort', () => abortedAt.push(clock.now()));

    await clock.advance(199);

    expect(abortedAt).toEqual([130]);
  });
});

describe('Timeout, what an operation holds', () => {
  it.each([
    ['a value', (run: { resolve(value: unknown): void }) => run.resolve('value')],
    ['an error', (run: { reject(error: unknown): void }) => run.reject(new Error('own'))],
  ] as const)('is released with %s', async (_, end) => {
    const { timeout, operation, runs } = setUp();
    const held = heldSlot();
    const call = watch(timeout.execute(operation, undefined, held));
    expect(held.released).toBe(0);

    end(runs[0] as ManualRun);
    await settle();

    expect(held.released).toBe(1);
    expect(call.outcome).not.toBe('pending');
  });

  it('TO-10: stays held while the operation runs on after its caller was let go', async () => {
    const { clock, timeout, operation, runs } = setUp();
    const held = heldSlot();
    const call = watch(timeout.execute(operation, undefined, held));

    await clock.advance(100);
    expect(call.outcome).toBeInstanceOf(TimeoutError);
    expect([held.released, timeout.statistics().zombies]).toEqual([0, 1]);
    runs[0]?.resolve('too late');
    await settle();

    expect([held.released, timeout.statistics().zombies]).toEqual([1, 0]);
    expect(clock.pending()).toBe(0);
  });

  it('TO-10: is released after the grace if the operation never ends, and only once if it ends after all', async () => {
    const { clock, timeout, operation, runs, events } = setUp({ zombieGraceMs: 1_000 });
    const held = heldSlot();
    watch(timeout.execute(operation, undefined, held));

    await clock.advance(1_099);
    expect([held.released, clock.pending('background')]).toEqual([0, 1]);
    await clock.advance(1);
    expect(held.released).toBe(1);
    runs[0]?.resolve('much too late');
    await settle();

    expect(held.released).toBe(1);
    expect(events.at(-1)).toEqual({ type: 'leaked', policy: 'timeout' });
  });

  it.each([
    ['a caller that has left', { signal: AbortSignal.abort('gone') }],
    ['a deadline that is over', { deadlineMs: 0 }],
    ['a deadline that is none', { deadlineMs: NaN }],
  ])('is released at once if the operation does not start: %s', async (_, options) => {
    const { timeout, operation, runs } = setUp();
    const held = heldSlot();

    await expect(timeout.execute(operation, options, held)).rejects.toBeDefined();
    expect([held.released, runs.length]).toEqual([1, 0]);
  });
});

describe('Timeout, statistics and bad input', () => {
  it('counts what came in time and what did not; who left is neither', async () => {
    const { clock, timeout, operation } = setUp();
    const caller = new AbortController();
    const calls = [
      timeout.execute(() => 'value'),
      timeout.execute(() => Promise.reject(new Error('own'))),
      timeout.execute(operation),
      timeout.execute(operation, { signal: caller.signal }),
    ];
    const outcomes = Promise.allSettled(calls);

    caller.abort();
    await clock.advance(100);
    await outcomes;

    expect(timeout.statistics()).toEqual({
      component: 'timeout',
      calls: { inTime: 2, timedOut: 1 },
      zombies: 2,
    });
  });

  it.each<[object, string]>([
    [{ name: '' }, "name must be a string that is not empty, got ''"],
    [{}, 'timeoutMs must be a finite number of milliseconds of at least 1, got undefined'],
    [{ timeoutMs: 0 }, 'timeoutMs must be a finite number of milliseconds of at least 1, got 0'],
    [
      { timeoutMs: 1, zombieGraceMs: -1 },
      'zombieGraceMs must be a finite number of milliseconds of at least 0, got -1',
    ],
    [{ timeoutMs: 1, clock: {} }, 'clock must be an object with now(), epoch(), schedule(), got an object'],
  ])('refuses %o', (options, message) => {
    expect(() => new Timeout(options as TimeoutOptions)).toThrow(message);
  });
});
