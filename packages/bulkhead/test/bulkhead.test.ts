import { getEventListeners } from 'node:events';

import { Bulkhead, type BulkheadEvent, BulkheadFullError } from '@holdfast/bulkhead';
import { CancellationSource, Execution, isHoldfastError } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

const never = (): Promise<never> => new Promise(() => {});

const failing = (error: unknown) => (): never => {
  throw error;
};

describe('Bulkhead', () => {
  it('passes the very value and error of the operation through', async () => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1 });
    const value = { rows: [] };
    const error = 'not even an Error';
    const { signal } = new AbortController();

    for (const options of [undefined, { signal }]) {
      expect(await bulkhead.execute(() => value, options)).toBe(value);
      expect(await bulkhead.execute(async () => value, options)).toBe(value);
      await expect(bulkhead.execute(failing(error), options)).rejects.toBe(error);
    }
    expect(bulkhead.running).toBe(0);
  });

  it('waits for any thenable', async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- what this test is about
    const thenable = { then: (resolve: (value: string) => void) => resolve('late') } as PromiseLike<string>;

    expect(await new Bulkhead({ limit: 1 }).execute(() => thenable)).toBe('late');
  });

  it('starts an operation in the turn of the call if there is a slot', () => {
    let started = false;

    void new Bulkhead({ limit: 1 }).execute(() => void (started = true));

    expect(started).toBe(true);
  });

  it('tells the operation about its call, the time it has waited included', async () => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1, clock });
    const held = bulkhead.tryAcquire();
    const { signal } = new AbortController();
    const call = bulkhead.execute((context) => [context.signal, context.remainingMs()], {
      signal,
      deadlineMs: 300,
    });

    clock.advanceSync(100);
    held?.release();

    expect(await call).toEqual([signal, 200]);
  });

  it('passes on the execution of the policy around it', async () => {
    const execution = new Execution({ tenant: 'a' });

    expect(await new Bulkhead({ limit: 1 }).execute((context) => context, execution)).toBe(execution);
  });

  it('refuses with all that the caller needs to know, without a stack trace', async () => {
    const bulkhead = new Bulkhead({ name: 'payments', limit: 1 });
    bulkhead.tryAcquire();

    const refusal = await bulkhead.execute(never).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(BulkheadFullError);
    expect(isHoldfastError(refusal, 'ERR_BULKHEAD_FULL')).toBe(true);
    expect(refusal).toMatchObject({
      name: 'BulkheadFullError',
      message: 'payments has no slot to give (full)',
      policy: 'payments',
      reason: 'full',
    });
    expect((refusal as Error).stack).not.toContain('\n');
  });

  it('does not start a call whose signal has aborted, and takes no slot for it', async () => {
    const bulkhead = new Bulkhead({ limit: 1 });
    const reason = new Error('changed my mind');
    let started = false;

    const options = { signal: AbortSignal.abort(reason) };

    await expect(bulkhead.execute(() => void (started = true), options)).rejects.toBe(reason);
    await expect(bulkhead.acquire(options)).rejects.toBe(reason);
    expect(started).toBe(false);
    expect(bulkhead.statistics().calls.admitted).toBe(0);
  });

  it('neither starts nor counts a call with an option out of range', async () => {
    const bulkhead = new Bulkhead({ limit: 1 });

    await expect(bulkhead.execute(never, { deadlineMs: -1 })).rejects.toThrow('deadlineMs must be');

    expect(bulkhead.running).toBe(0);
  });

  it('BH-04: gives a freed slot to who waits, not to a newcomer in the same turn', async () => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1 });
    const held = bulkhead.tryAcquire();
    const served: string[] = [];
    const waiting = bulkhead.execute(() => served.push('waiter'));

    held?.release();
    expect(bulkhead.tryAcquire()).toBeUndefined();
    const newcomer = bulkhead.execute(() => served.push('newcomer'));

    await Promise.all([waiting, newcomer]);
    expect(served).toEqual(['waiter', 'newcomer']);
  });

  it('BH-06: leaves nothing on signal or clock when a wait ends, whichever way', async () => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 9, maxWaitMs: 100, clock });
    const controllers = Array.from({ length: 4 }, () => new AbortController());
    const held = bulkhead.tryAcquire();
    const waits = controllers.map(({ signal }, index) =>
      bulkhead.acquire({ signal, deadlineMs: index === 2 ? 50 : undefined }).catch(() => undefined),
    );
    const listeners = (): readonly number[] =>
      controllers.map(({ signal }) => getEventListeners(signal, 'abort').length);
    expect(listeners()).toEqual([1, 1, 1, 1]);
    // One timer for all, and one for a deadline that comes first.
    expect(clock.pending('foreground')).toBe(2);

    held?.release();
    controllers[1]?.abort();
    clock.advanceSync(50);
    clock.advanceSync(50);
    await Promise.all(waits);

    expect(listeners()).toEqual([0, 0, 0, 0]);
    expect(clock.pending()).toBe(0);
  });

  it('BH-06: rejects with the very reason of the signal', async () => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 2 });
    bulkhead.tryAcquire();
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const source = new CancellationSource();

    const waits = [
      bulkhead.execute(never, { signal: controller.signal }),
      bulkhead.execute(never, new Execution({}, undefined, { cancellation: source })),
    ];
    controller.abort(reason);
    source.cancel(reason);

    await expect(waits[0]).rejects.toBe(reason);
    await expect(waits[1]).rejects.toBe(reason);
    expect(bulkhead.queued).toBe(0);
  });

  it('BH-06: hands the slot on if a wait for a permit is aborted before it is taken up', async () => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 2 });
    const held = bulkhead.tryAcquire();
    const controller = new AbortController();
    const first = bulkhead.acquire({ signal: controller.signal });
    const second = bulkhead.execute(() => 'served');

    held?.release();
    controller.abort('gone');

    await expect(first).rejects.toBe('gone');
    expect(await second).toBe('served');
    expect(bulkhead.statistics()).toMatchObject({ running: 0, calls: { admitted: 2, aborted: 1 } });
  });

  it('BH-06: hands the slot on if the deadline of a wait for a permit passes before it is taken up', async () => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 2, clock });
    const held = bulkhead.tryAcquire();
    const first = bulkhead.acquire({ deadlineMs: 10 });
    const second = bulkhead.execute(() => 'served');

    held?.release();
    clock.advanceSync(10);

    await expect(first).rejects.toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
    expect(await second).toBe('served');
    expect(bulkhead.statistics()).toMatchObject({ running: 0, calls: { admitted: 2, rejectedTimeout: 1 } });
  });

  it('starts whoever is next in the moment in which a slot is given back', async () => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 2 });
    const held = bulkhead.tryAcquire();
    let started = 0;
    const run = (): number => (started += 1);
    const calls = [bulkhead.execute(run), bulkhead.execute(run)];

    held?.release();

    expect(started).toBe(1);
    expect(await Promise.all(calls)).toEqual([1, 2]);
  });

  it('keeps what an operation throws at once from whoever gives the slot back', async () => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1 });
    const held = bulkhead.tryAcquire();
    const failure = new Error('broken');
    const call = bulkhead.execute(() => {
      throw failure;
    });

    held?.release();

    await expect(call).rejects.toBe(failure);
    expect(bulkhead.running).toBe(0);
  });

  it('BH-06: lets a caller go who leaves as soon as it is told to be queued', async () => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1 });
    const caller = new AbortController();
    const reason = new Error('too busy for me');
    bulkhead.tryAcquire();
    bulkhead.events.subscribe(() => caller.abort(reason));

    await expect(bulkhead.execute(never, caller)).rejects.toBe(reason);

    expect(bulkhead.statistics()).toMatchObject({ queued: 0, calls: { aborted: 1 } });
  });

  it('keeps its queue in order when a listener raises the limit at a rejection', async () => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 9, maxWaitMs: 10, clock });
    bulkhead.events.subscribe(({ type }) => type === 'rejected' && bulkhead.resize(2));
    bulkhead.tryAcquire();
    const outcomes = Promise.allSettled(['a', 'b', 'c'].map((id) => bulkhead.execute(async () => id)));

    await clock.advance(10);

    expect(await outcomes).toMatchObject([
      { reason: { reason: 'waited-too-long' } },
      { value: 'b' },
      { reason: { reason: 'waited-too-long' } },
    ]);
    expect([bulkhead.running, bulkhead.queued]).toEqual([1, 0]);
  });

  it('does not start a call whose deadline is over, and takes no slot for it', async () => {
    const bulkhead = new Bulkhead({ limit: 1 });

    for (const call of [bulkhead.execute(never, { deadlineMs: 0 }), bulkhead.acquire({ deadlineMs: 0 })])
      await expect(call).rejects.toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED', policy: 'bulkhead' });

    expect(bulkhead.statistics()).toMatchObject({ running: 0, calls: { admitted: 0, rejectedTimeout: 2 } });
  });

  it('does not start a call that is given its slot after its deadline because the process was busy', async () => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead({
      limit: 1,
      maxQueued: 1,
      clock: {
        now: () => clock.now(),
        epoch: () => clock.epoch(),
        schedule: (task, delayMs) => clock.schedule(task, delayMs + 500),
      },
    });
    const held = bulkhead.tryAcquire();
    const call = bulkhead.execute(never, { deadlineMs: 100 });

    clock.advanceSync(200);
    held?.release();

    await expect(call).rejects.toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
    expect(bulkhead.statistics()).toMatchObject({ running: 0, calls: { admitted: 1, rejectedTimeout: 1 } });
  });

  it.each([
    ['succeeds', (operation: PromiseWithResolvers<string>) => operation.resolve('late')],
    ['fails', (operation: PromiseWithResolvers<string>) => operation.reject(new Error('torn down'))],
  ])('BH-07: lets the caller go at once, and counts its operation until that %s', async (_how, end) => {
    const bulkhead = new Bulkhead({ limit: 1 });
    const controller = new AbortController();
    const operation = Promise.withResolvers<string>();
    const call = bulkhead.execute(() => operation.promise, { signal: controller.signal });

    controller.abort('gone');

    await expect(call).rejects.toBe('gone');
    expect(bulkhead.statistics()).toMatchObject({ running: 1, abandoned: 1 });
    end(operation);
    await settle();
    expect(bulkhead.statistics()).toMatchObject({ running: 0, abandoned: 0 });

    await bulkhead.execute(() => 'stayed', new AbortController());
    await expect(bulkhead.execute(failing('stayed'), new AbortController())).rejects.toBe('stayed');
    expect(bulkhead.statistics().abandoned).toBe(0);
  });

  it('BH-07: lets the caller go whose operation cancels the call itself', async () => {
    const bulkhead = new Bulkhead({ limit: 1 });
    const controller = new AbortController();
    const operation = (): Promise<never> => {
      controller.abort('self');
      return never();
    };

    await expect(bulkhead.execute(operation, { signal: controller.signal })).rejects.toBe('self');
  });

  it('BH-07: leaves no listener on the signal of a call that has run', async () => {
    const { signal } = new AbortController();

    await new Bulkhead({ limit: 1 }).execute(() => 'done', { signal });
    await expect(new Bulkhead({ limit: 1 }).execute(failing('broken'), { signal })).rejects.toBe('broken');

    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('creates no signal for an operation that reads none', async () => {
    const bulkhead = new Bulkhead({ limit: 1 });
    const source = new CancellationSource();
    let reads = 0;
    const watched = new Proxy(source, {
      get: (target, property) => {
        if (property === 'signal') reads += 1;
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });

    await bulkhead.execute(() => 'done', new Execution({}, undefined, { cancellation: watched }));

    expect(reads).toBe(0);
  });

  it('BH-08: frees a slot once, however often its permit is released', () => {
    const bulkhead = new Bulkhead({ limit: 2 });
    const [first] = [bulkhead.tryAcquire(), bulkhead.tryAcquire()];

    first?.release();
    first?.release();
    first?.[Symbol.dispose]();

    expect(bulkhead.running).toBe(1);
  });

  it('BH-08: frees the slot of a permit that leaves its scope', async () => {
    const bulkhead = new Bulkhead({ limit: 1 });
    {
      using permit = await bulkhead.acquire();
      expect(permit).toBeDefined();
      expect(bulkhead.tryAcquire()).toBeUndefined();
    }

    expect(bulkhead.running).toBe(0);
  });

  it('BH-08: is not disturbed by a listener that throws', async () => {
    const uncaught: unknown[] = [];
    const previous = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => uncaught.push(error));
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1 });
    bulkhead.events.subscribe(failing(new Error('listener')));
    const held = bulkhead.tryAcquire();
    const waiting = bulkhead.execute(() => 'served');

    held?.release();

    expect(await waiting).toBe('served');
    await settle();
    process.removeAllListeners('uncaughtException');
    for (const listener of previous) process.on('uncaughtException', listener);
    expect(uncaught).toEqual([new Error('listener')]);
  });

  it('BH-09: admits waiters in the turn in which the limit rises', () => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 9 });
    bulkhead.tryAcquire();
    void bulkhead.acquire();
    void bulkhead.acquire();

    bulkhead.resize(2);

    expect([bulkhead.limit, bulkhead.running, bulkhead.queued]).toEqual([2, 2, 1]);
  });

  it('BH-16: gives no slot after it was disposed', async () => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1 });

    await bulkhead[Symbol.asyncDispose]();

    expect(bulkhead.tryAcquire()).toBeUndefined();
    await expect(bulkhead.acquire()).rejects.toMatchObject({ reason: 'closed' });
  });

  it('tells of those who wait, those refused, a new limit and its end', async () => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead({ name: 'payments', limit: 1, maxQueued: 3, maxWaitMs: 100, clock });
    const events: BulkheadEvent[] = [];
    bulkhead.events.subscribe((event) => events.push(event));
    bulkhead.tryAcquire();
    const waits = [undefined, 50, undefined, undefined].map((deadlineMs, index) => {
      if (index === 2) clock.advanceSync(10);
      return bulkhead.acquire({ deadlineMs }).catch(() => {});
    });
    clock.advanceSync(90);
    bulkhead.resize(1);
    await bulkhead.acquire({ signal: AbortSignal.abort() }).catch(() => {});
    void bulkhead[Symbol.asyncDispose]();
    await Promise.all(waits);

    const policy = 'payments';
    expect(events).toEqual([
      { type: 'queued', policy, queued: 1 },
      { type: 'queued', policy, queued: 2 },
      { type: 'queued', policy, queued: 3 },
      { type: 'rejected', policy, reason: 'full' },
      { type: 'rejected', policy, reason: 'deadline' },
      { type: 'rejected', policy, reason: 'waited-too-long' },
      { type: 'resized', policy, limit: 1, previousLimit: 1 },
      { type: 'closed', policy },
      { type: 'rejected', policy, reason: 'closed' },
    ]);
    expect(bulkhead.statistics()).toEqual({
      component: 'bulkhead',
      running: 1,
      queued: 0,
      limit: 1,
      queueLimit: 3,
      abandoned: 0,
      tenants: 0,
      calls: {
        admitted: 1,
        queued: 3,
        rejectedFull: 1,
        rejectedTimeout: 2,
        shed: 0,
        rejectedClosed: 1,
        aborted: 0,
      },
    });
  });

  it('BH-16: ends once, however often it is disposed', async () => {
    const bulkhead = new Bulkhead({ limit: 1 });
    const events: BulkheadEvent[] = [];
    bulkhead.events.subscribe((event) => events.push(event));
    const held = bulkhead.tryAcquire();

    const ends = [bulkhead[Symbol.asyncDispose](), bulkhead[Symbol.asyncDispose]()];
    held?.release();

    await Promise.all(ends);
    expect(events).toEqual([{ type: 'closed', policy: 'bulkhead' }]);
  });
});
