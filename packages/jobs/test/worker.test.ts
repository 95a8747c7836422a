import { ManualClock, settle } from '@holdfast/core/testing';
import {
  type ClaimedJob,
  type IJobQueue,
  type JobContext,
  type JobHandlers,
  NonRetryableError,
  Worker,
  type WorkerEvent,
  type WorkerOptions,
} from '@holdfast/jobs';
import { describe, expect, it } from 'vitest';

import { engines } from './engines.ts';

/** A handler that a test lets go on. */
function gate(): { readonly passed: Promise<unknown>; readonly open: (value?: unknown) => void } {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  return { passed: promise, open: resolve };
}

/** The same queue, but for one method. */
function withOther<Name extends 'complete' | 'release'>(
  queue: IJobQueue,
  name: Name,
  other: IJobQueue[Name],
): IJobQueue {
  return new Proxy(queue, {
    get(target, key) {
      const value: unknown = key === name ? other : Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe.each(engines)('Worker on $name', ({ store }) => {
  const fixture = () => {
    const place = store();
    const clock = new ManualClock();
    const open = (): IJobQueue => place.open({ clock, random: () => 0, leaseMs: 3_000, name: 'q' });
    const queue = open();
    const workers: Worker[] = [];
    const work = (handlers: JobHandlers, options: WorkerOptions = {}, on = queue): Worker => {
      const worker = new Worker(on, handlers, { clock, graceMs: 1_000, killAfterMs: 500, ...options });
      workers.push(worker);
      worker.start();
      return worker;
    };
    return {
      queue,
      clock,
      open,
      work,
      /** Lets everything settle that needs no time: several turns, since each change is a turn of its own. */
      turns: async () => {
        for (let turn = 0; turn < 20; turn += 1) await settle();
      },
      [Symbol.asyncDispose]: async () => {
        const stopped = Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
        for (let turn = 0; turn < 20; turn += 1) await clock.advance(100);
        await stopped;
        place[Symbol.dispose]();
      },
    };
  };

  it('hands payload and context to the handler and keeps what it returns', async () => {
    await using f = fixture();
    const seen: unknown[] = [];
    f.work({
      add: async ({ a, b }: { a: number; b: number }, { id, attempt, idempotencyKey, signal }) => {
        seen.push({ id, attempt, idempotencyKey, aborted: signal.aborted });
        return a + b;
      },
    });

    const { id } = await f.queue.enqueue({ type: 'add', payload: { a: 1, b: 2 }, idempotencyKey: 'sum' });
    await f.turns();

    expect(seen).toEqual([{ id, attempt: 0, idempotencyKey: 'sum', aborted: false }]);
    expect(await f.queue.get(id)).toMatchObject({ state: 'completed', result: 3 });
  });

  it('takes what was there before it started, and leaves types that it has no handler for', async () => {
    await using f = fixture();
    const [known, unknown] = await f.queue.enqueue([
      { type: 'known' },
      { type: 'unknown', priority: 'critical' },
    ]);

    f.work({ known: () => 'done' });
    await f.turns();

    expect((await f.queue.get(known?.id ?? ''))?.state).toBe('completed');
    expect((await f.queue.get(unknown?.id ?? ''))?.state).toBe('waiting');
  });

  it('retries after the backoff, counting attempts from 0, until the job is dead', async () => {
    await using f = fixture();
    const attempts: number[] = [];
    const worker = f.work({
      flaky: (_: unknown, { attempt }: JobContext) => {
        attempts.push(attempt);
        throw new Error(`no ${attempt}`);
      },
    });

    const { id } = await f.queue.enqueue({ type: 'flaky', maxAttempts: 3 });
    for (let turn = 0; turn < 20; turn += 1) await f.clock.advance(250);

    expect(attempts).toEqual([0, 1, 2]);
    expect(await f.queue.get(id)).toMatchObject({ state: 'dead', failure: { message: 'no 2' } });
    expect(worker.statistics()).toMatchObject({ component: 'worker', failed: 3, succeeded: 0, running: 0 });
  });

  it('runs at most concurrency jobs at once, and takes the next as one ends', async () => {
    await using f = fixture();
    const gates = Array.from({ length: 5 }, gate);
    let [running, most] = [0, 0];
    const worker = f.work(
      {
        slow: async (index: number) => {
          most = Math.max(most, (running += 1));
          await gates[index]?.passed;
          running -= 1;
        },
      },
      { concurrency: 2 },
    );
    await f.queue.enqueue([0, 1, 2, 3, 4].map((payload) => ({ type: 'slow', payload })));
    await f.turns();
    expect(worker.statistics().running).toBe(2);

    for (const { open } of gates) {
      open();
      await f.turns();
    }

    expect(most).toBe(2);
    expect(worker.statistics()).toMatchObject({ running: 0, succeeded: 5 });
  });

  it('finds within pollMs what another process enqueued and what became due', async () => {
    await using f = fixture();
    const done: string[] = [];
    f.work({ a: (name: string) => void done.push(name) }, { pollMs: 250 });
    await f.turns();
    await f.open().enqueue([
      { type: 'a', payload: 'other' },
      { type: 'a', payload: 'delayed', delayMs: 1_000 },
    ]);

    await f.clock.advance(250);
    await f.turns();
    expect(done).toEqual(['other']);
    await f.clock.advance(1_000);
    await f.turns();
    expect(done).toEqual(['other', 'delayed']);
  });

  it('renews the leases of running jobs, so that nobody else takes them', async () => {
    await using f = fixture();
    const hold = gate();
    f.work({ slow: () => hold.passed });
    const { id } = await f.queue.enqueue({ type: 'slow' });
    await f.turns();
    const other = f.open();

    for (let second = 0; second < 20; second += 1) {
      await f.clock.advance(1_000);
      await f.turns();
      expect(await other.claim()).toEqual([]);
    }
    hold.open('late');
    await f.turns();

    expect(await f.queue.get(id)).toMatchObject({ state: 'completed', result: 'late', stalls: 0 });
  });

  it('keeps the progress that a handler tells', async () => {
    await using f = fixture();
    const hold = gate();
    f.work({
      slow: async (_: unknown, { heartbeat }: JobContext) => {
        await heartbeat({ percent: 40 });
        await hold.passed;
      },
    });
    const { id } = await f.queue.enqueue({ type: 'slow' });
    await f.turns();

    expect((await f.queue.get(id))?.progress).toEqual({ percent: 40 });
    hold.open();
  });

  it('aborts the handler and discards what it does when the lease was lost', async () => {
    await using f = fixture();
    const hold = gate();
    let signal: AbortSignal | undefined;
    const worker = f.work({
      blocked: (_: unknown, context: JobContext) => {
        ({ signal } = context);
        // As if the event loop had been blocked: the time passes, but no timer runs.
        f.clock.shiftEpoch(3_000);
        return hold.passed;
      },
    });
    const events: WorkerEvent[] = [];
    worker.events.subscribe((event) => events.push(event));
    const { id } = await f.queue.enqueue({ type: 'blocked' });
    await f.turns();
    const [taken] = await f.open().claim();
    expect(taken).toMatchObject({ id, stalls: 1 });

    await f.clock.advance(1_000);
    await f.turns();
    expect(signal?.reason).toMatchObject({ code: 'ERR_LEASE_LOST' });
    hold.open('from the first');
    await f.turns();

    expect(worker.statistics()).toMatchObject({ leasesLost: 1, succeeded: 0 });
    expect(events).toEqual([{ type: 'lease-lost', worker: 'worker', id, jobType: 'blocked' }]);
    expect(await f.queue.get(id)).toMatchObject({ state: 'active', result: undefined });
    expect(await f.queue.complete(taken as ClaimedJob, 'from the second')).toBe('completed');
  });

  it('aborts a job that is cancelled: at once in this process, within a heartbeat from another', async () => {
    await using f = fixture();
    const reasons: unknown[] = [];
    const worker = f.work(
      {
        patient: (_: unknown, { signal }: JobContext) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reasons.push(signal.reason);
              reject(signal.reason as Error);
            });
          }),
      },
      { concurrency: 2 },
    );
    const [here, there] = await f.queue.enqueue([{ type: 'patient' }, { type: 'patient' }]);
    await f.turns();

    await f.queue.cancel(here?.id ?? '');
    await f.turns();
    expect(reasons).toMatchObject([{ code: 'ERR_JOB_CANCELLED', jobId: here?.id }]);
    await f.open().cancel(there?.id ?? '');
    await f.clock.advance(1_000);
    await f.turns();

    expect(reasons).toMatchObject([{ jobId: here?.id }, { jobId: there?.id }]);
    expect(await f.queue.counts()).toMatchObject({ cancelled: 2, completed: 0, dead: 0 });
    expect(worker.statistics().cancelled).toBe(2);
  });

  it('lets a job die whose result is too large, and says why', async () => {
    await using f = fixture();
    f.work({ big: () => 'x'.repeat(70_000) });

    const { id } = await f.queue.enqueue({ type: 'big' });
    await f.turns();

    expect(await f.queue.get(id)).toMatchObject({
      state: 'dead',
      attempts: 1,
      failure: { code: 'ERR_RESULT_TOO_LARGE', message: 'the result has 70002 bytes, 65536 are allowed' },
    });
  });

  it('lets a job die whose result JSON cannot hold, and says why', async () => {
    await using f = fixture();
    f.work({ count: () => 10n });

    const { id } = await f.queue.enqueue({ type: 'count' });
    await f.turns();

    expect(await f.queue.get(id)).toMatchObject({
      state: 'dead',
      attempts: 1,
      failure: { message: 'result must be a value that JSON can hold, got 10n' },
    });
  });

  it.each([
    ['has no text', Object.create(null) as unknown],
    [
      'throws when it is read',
      {
        get message(): string {
          throw new Error('unreadable');
        },
        toString: 1,
      },
    ],
  ])('fails the attempt whatever is thrown, also what %s', async (_what, thrown) => {
    await using f = fixture();
    f.work({
      odd: () => {
        throw thrown;
      },
    });

    const { id } = await f.queue.enqueue({ type: 'odd', maxAttempts: 1 });
    await f.turns();

    expect(await f.queue.get(id)).toMatchObject({
      state: 'dead',
      failure: { name: 'Error', message: 'what was thrown has no text' },
    });
  });

  it('lets a job die of a result that a queue from another copy of the package does not take', async () => {
    await using f = fixture();
    const refusal = Object.assign(new RangeError('no form in JSON'), { code: 'ERR_INVALID_OPTION' });
    const foreign = withOther(f.queue, 'complete', () => Promise.reject(refusal));
    f.work({ a: () => 1 }, {}, foreign);

    const { id } = await f.queue.enqueue({ type: 'a' });
    await f.turns();

    expect(await f.queue.get(id)).toMatchObject({ state: 'dead', failure: { code: 'ERR_NON_RETRYABLE' } });
  });

  it('claims a job after all have heard of it', async () => {
    await using f = fixture();
    f.work({ a: () => 1 });
    await f.turns();
    const seen: string[] = [];
    f.queue.events.subscribe(({ type }) => seen.push(type));

    await f.queue.enqueue({ type: 'a' });
    await f.turns();

    expect(seen).toEqual(['enqueued', 'claimed', 'completed']);
  });

  it('lets a job die of an error that is not to be retried', async () => {
    await using f = fixture();
    f.work({
      wrong: () => {
        throw new NonRetryableError('no such user');
      },
    });

    const { id } = await f.queue.enqueue({ type: 'wrong' });
    await f.turns();

    expect((await f.queue.get(id))?.state).toBe('dead');
  });

  describe('disposed', () => {
    it('waits for running jobs and claims no more', async () => {
      await using f = fixture();
      const hold = gate();
      const worker = f.work({ slow: () => hold.passed });
      const [first, second] = await f.queue.enqueue([{ type: 'slow' }, { type: 'slow' }]);
      await f.turns();

      const stopped = worker[Symbol.asyncDispose]();
      await f.clock.advance(900);
      hold.open('in time');
      await stopped;
      await f.clock.advance(10_000);
      await f.turns();

      expect(await f.queue.get(first?.id ?? '')).toMatchObject({ state: 'completed', result: 'in time' });
      expect(await f.queue.get(second?.id ?? '')).toMatchObject({ state: 'waiting', attempts: 0 });
      expect(f.clock.pending()).toBe(0);
    });

    it('aborts what goes on past the grace; what ends by that is given back, not charged', async () => {
      await using f = fixture();
      let reason: unknown;
      const worker = f.work({
        polite: (_: unknown, { signal }: JobContext) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject((reason = signal.reason) as Error));
          }),
      });
      const { id } = await f.queue.enqueue({ type: 'polite', maxAttempts: 1 });
      await f.turns();

      const stopped = worker[Symbol.asyncDispose]();
      await f.clock.advance(1_000);
      await stopped;

      expect(reason).toMatchObject({ code: 'ERR_WORKER_STOPPED', worker: 'worker' });
      expect(worker.statistics().released).toBe(1);
      const [again] = await f.open().claim();
      expect(again).toMatchObject({ id, attempts: 1, stalls: 0 });
    });

    it('gives back what ignores its signal after killAfterMs, and discards what that does later', async () => {
      await using f = fixture();
      const hold = gate();
      const worker = f.work({ deaf: () => hold.passed });
      const { id } = await f.queue.enqueue({ type: 'deaf' });
      await f.turns();

      let isStopped = false;
      const stopped = worker[Symbol.asyncDispose]().then(() => (isStopped = true));
      await f.clock.advance(1_000 + 499);
      await f.turns();
      expect(isStopped).toBe(false);
      await f.clock.advance(1);
      await stopped;
      const [again] = await f.open().claim();
      hold.open('too late');
      await f.turns();

      expect(again).toMatchObject({ id, attempts: 1, stalls: 0 });
      expect(await f.queue.get(id)).toMatchObject({ state: 'active', result: undefined });
      expect(worker.statistics()).toMatchObject({ released: 1, succeeded: 0, leasesLost: 0, errors: 0 });
      expect(f.clock.pending()).toBe(0);
    });

    it('gives back nothing that is being settled, and waits until it is', async () => {
      await using f = fixture();
      const hold = gate();
      let released = 0;
      const slow = withOther(f.queue, 'complete', async (lease, result) => {
        const state = await f.queue.complete(lease, result);
        await hold.passed;
        return state;
      });
      const counting = withOther(slow, 'release', (lease) => {
        released += 1;
        return f.queue.release(lease);
      });
      const worker = f.work({ a: () => 'done' }, {}, counting);
      const { id } = await f.queue.enqueue({ type: 'a' });
      await f.turns();

      const stopped = worker[Symbol.asyncDispose]();
      await f.clock.advance(1_000);
      await f.clock.advance(500);
      hold.open();
      await stopped;
      await f.turns();

      expect(released).toBe(0);
      expect(worker.statistics()).toMatchObject({ succeeded: 1, released: 0, leasesLost: 0 });
      expect(await f.queue.get(id)).toMatchObject({ state: 'completed', result: 'done' });
    });

    it('gives back at once what a claim under way brings', async () => {
      await using f = fixture();
      let ran = 0;
      const { id } = await f.queue.enqueue({ type: 'a' });
      const worker = f.work({ a: () => void (ran += 1) });

      await worker[Symbol.asyncDispose]();
      await f.turns();

      expect(ran).toBe(0);
      expect(await f.queue.get(id)).toMatchObject({ state: 'waiting', attempts: 0 });
    });

    it('may be disposed twice, and before it was started', async () => {
      await using f = fixture();
      const worker = new Worker(f.queue, { a: () => {} }, { clock: f.clock });

      await worker[Symbol.asyncDispose]();
      await worker[Symbol.asyncDispose]();
      worker.start();
      await f.queue.enqueue({ type: 'a' });
      await f.turns();

      expect(await f.queue.counts()).toMatchObject({ waiting: 1 });
      expect(f.clock.pending()).toBe(0);
    });
  });

  it('goes on when the queue fails, and says so', async () => {
    await using f = fixture();
    const failing = Object.create(f.queue) as IJobQueue;
    let failures = 2;
    const claim: IJobQueue['claim'] = (options) =>
      (failures -= 1) < 0 ? f.queue.claim(options) : Promise.reject(new Error('disk'));
    Object.defineProperties(failing, {
      claim: { value: claim },
      events: { value: f.queue.events },
      complete: { value: f.queue.complete.bind(f.queue) },
      heartbeat: { value: f.queue.heartbeat.bind(f.queue) },
    });
    const worker = f.work({ a: () => 'done' }, { name: 'sturdy' }, failing);
    const events: WorkerEvent[] = [];
    worker.events.subscribe((event) => events.push(event));

    const { id } = await f.queue.enqueue({ type: 'a' });
    for (let turn = 0; turn < 4; turn += 1) await f.clock.advance(250);
    await f.turns();

    expect((await f.queue.get(id))?.state).toBe('completed');
    expect(worker.statistics()).toMatchObject({ errors: 2, succeeded: 1 });
    expect(events).toContainEqual({ type: 'errored', worker: 'sturdy', error: new Error('disk') });
  });
});
