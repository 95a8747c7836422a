import { hours, minutes, seconds } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import {
  type ClaimedJob,
  type IJob,
  type IJobQueue,
  type JobEvent,
  type JobQueueOptions,
  type NewJob,
  NonRetryableError,
  RetryAfterError,
} from '@holdfast/jobs';
import { describe, expect, it } from 'vitest';

import { engines } from './engines.ts';

/** The conformance suite: what every engine promises. */
describe.each(engines)('IJobQueue in $name', ({ store }) => {
  const fixture = (options: JobQueueOptions = {}) => {
    const place = store();
    const clock = new ManualClock();
    const queue = place.open({ clock, random: () => 0.5, ...options });
    return {
      queue,
      clock,
      place,
      other: () => place.open({ clock, ...options }),
      [Symbol.dispose]: () => place[Symbol.dispose](),
    };
  };

  const claimOne = async (queue: IJobQueue): Promise<ClaimedJob> => {
    const [job] = await queue.claim();
    if (job === undefined) throw new Error('nothing to claim');
    return job;
  };

  const lost = { code: 'ERR_LEASE_LOST' };

  describe('enqueue', () => {
    it('keeps the job with its defaults, to be claimed at once', async () => {
      using f = fixture();

      const { id, duplicate } = await f.queue.enqueue({
        type: 'mail',
        payload: { to: 'ada', copies: [1, 2] },
      });

      expect(duplicate).toBe(false);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(await f.queue.get(id)).toEqual({
        id,
        type: 'mail',
        payload: { to: 'ada', copies: [1, 2] },
        state: 'waiting',
        priority: 'normal',
        attempts: 0,
        maxAttempts: 3,
        stalls: 0,
        idempotencyKey: id,
        cancelRequested: false,
        createdAt: f.clock.epoch(),
        runAt: f.clock.epoch(),
        finishedAt: undefined,
        progress: undefined,
        result: undefined,
        failure: undefined,
      });
      expect((await f.queue.claim())[0]).toMatchObject({ id, payload: { to: 'ada', copies: [1, 2] } });
    });

    it('keeps the payload as it was, whatever the caller does to it later', async () => {
      using f = fixture();
      const payload = { list: [1] };
      const { id } = await f.queue.enqueue({ type: 'a', payload });

      payload.list.push(2);
      const seen = (await f.queue.get(id)) as IJob<typeof payload>;
      seen.payload.list.push(3);

      expect((await f.queue.get(id))?.payload).toEqual({ list: [1] });
      expect((await claimOne(f.queue)).payload).toEqual({ list: [1] });
    });

    it('adds a list as a whole, in its order', async () => {
      using f = fixture();

      const added = await f.queue.enqueue([{ type: 'a' }, { type: 'b' }, { type: 'c' }]);

      expect((await f.queue.claim({ max: 9 })).map(({ id }) => id)).toEqual(added.map(({ id }) => id));
      expect(await f.queue.enqueue([])).toEqual([]);
    });

    it('adds nothing of a list with a job that is wrong', async () => {
      using f = fixture();

      await expect(f.queue.enqueue([{ type: 'a' }, { type: '' }])).rejects.toThrow('type must be');

      expect(await f.queue.counts()).toMatchObject({ waiting: 0 });
    });

    it('takes one job per idempotency key, also from a hundred producers at once', async () => {
      using f = fixture();
      const other = f.other();
      const job = { type: 'pay', idempotencyKey: 'order-7' };

      const taken = await Promise.all(
        Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? f.queue : other).enqueue(job)),
      );

      expect(new Set(taken.map(({ id }) => id)).size).toBe(1);
      expect(taken.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      expect(await f.queue.counts()).toMatchObject({ waiting: 1 });
      expect(await claimOne(f.queue)).toMatchObject({ idempotencyKey: 'order-7' });
    });

    it('takes the key again once it expired, and not before, even if the job is gone', async () => {
      using f = fixture({ retention: { finished: { maxCount: 0 } } });
      const job = { type: 'pay', idempotencyKey: 'order-7', idempotencyTtlMs: 1_000 };
      const first = await f.queue.enqueue(job);
      await f.queue.complete(await claimOne(f.queue));

      await f.clock.advance(999);
      expect(await f.queue.enqueue(job)).toEqual({ id: first.id, duplicate: true });
      await f.clock.advance(1);
      expect(await f.queue.enqueue(job)).toMatchObject({ duplicate: false });
    });

    it('takes the same key twice in one list as one job', async () => {
      using f = fixture();

      const [one, two] = await f.queue.enqueue([
        { type: 'a', idempotencyKey: 'k' },
        { type: 'a', idempotencyKey: 'k' },
      ]);

      expect(two).toEqual({ id: one?.id, duplicate: true });
    });

    it('refuses a payload of more bytes than allowed, counted in UTF-8', async () => {
      using f = fixture({ maxPayloadBytes: 10 });

      await f.queue.enqueue({ type: 'a', payload: 'äöü12' });
      await expect(f.queue.enqueue({ type: 'a', payload: 'äöü123' })).rejects.toMatchObject({
        code: 'ERR_PAYLOAD_TOO_LARGE',
        bytes: 11,
        maxBytes: 10,
      });
    });

    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const bad: [string, Partial<Record<keyof NewJob, unknown>>, string][] = [
      ['an empty type', { type: '' }, 'type must be'],
      ['a type that UTF-8 cannot hold', { type: 'a\ud800' }, 'type must be well-formed Unicode'],
      [
        'a key that UTF-8 cannot hold',
        { idempotencyKey: 'k\ud800' },
        'idempotencyKey must be well-formed Unicode',
      ],
      ['a payload in a cycle', { payload: cycle }, 'payload must be a value that JSON can hold'],
      ['a function for a payload', { payload: () => {} }, 'payload must be a value that JSON can hold'],
      [
        'an unknown priority',
        { priority: 'urgent' },
        "priority must be one of 'critical', 'high', 'normal', 'low'",
      ],
      ['a delay below 0', { delayMs: -1 }, 'delayMs must be'],
      ['an instant that is none', { runAt: Number.NaN }, 'runAt must be'],
      ['an instant and a delay', { runAt: 1, delayMs: 1 }, 'delayMs must be absent where runAt is given'],
      ['no attempts', { maxAttempts: 0 }, 'maxAttempts must be'],
      ['a base below 0', { backoff: { baseMs: -1 } }, 'backoff.baseMs must be'],
      ['a factor below 1', { backoff: { factor: 0.5 } }, 'backoff.factor must be'],
      ['an endless wait', { backoff: { maxMs: Infinity } }, 'backoff.maxMs must be'],
      ['an empty key', { idempotencyKey: '' }, 'idempotencyKey must be'],
      ['an endless key', { idempotencyTtlMs: Infinity }, 'idempotencyTtlMs must be'],
    ];

    it('refuses what is no job, and the others with it', async () => {
      using f = fixture();

      for (const jobs of [null, [{ type: 'a' }, undefined]])
        await expect(f.queue.enqueue(jobs as never)).rejects.toThrow('job must be an object, got');
      expect((await f.queue.counts()).waiting).toBe(0);
    });

    it.each(bad)('refuses %s', async (_, job, message) => {
      using f = fixture();

      await expect(f.queue.enqueue({ type: 'a', ...job } as NewJob)).rejects.toThrow(message);
    });
  });

  describe('claim', () => {
    it('gives each job to one claimer, under a lease', async () => {
      using f = fixture({ leaseMs: 500 });
      await f.queue.enqueue(Array.from({ length: 20 }, () => ({ type: 'a' })));
      const other = f.other();

      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, i) => (i % 2 ? other : f.queue).claim({ max: 3 })),
      );

      const ids = claims.flat().map(({ id }) => id);
      expect(ids).toHaveLength(20);
      expect(new Set(ids).size).toBe(20);
      expect(claims.flat()[0]).toMatchObject({
        state: 'active',
        attempts: 1,
        token: 1,
        leaseUntilAt: f.clock.epoch() + 500,
      });
    });

    it('goes by priority, then by when the job became due, then by when it was enqueued', async () => {
      using f = fixture();
      await f.queue.enqueue([
        { type: 'low', priority: 'low' },
        { type: 'normal 2', delayMs: 2 },
        { type: 'normal 0a' },
        { type: 'normal 0b' },
        { type: 'critical', priority: 'critical', delayMs: 3 },
        { type: 'high', priority: 'high' },
        { type: 'normal 1', delayMs: 1 },
      ]);
      await f.clock.advance(3);

      const claimed = await f.queue.claim({ max: 9 });

      expect(claimed.map(({ type }) => type)).toEqual([
        'critical',
        'high',
        'normal 0a',
        'normal 0b',
        'normal 1',
        'normal 2',
        'low',
      ]);
    });

    it('lets no job wait behind more urgent ones that became due more than agingMs per step later', async () => {
      using f = fixture({ agingMs: 100 });
      await f.queue.enqueue({ type: 'low at 0', priority: 'low' });
      await f.queue.enqueue({ type: 'critical at 299', priority: 'critical', delayMs: 299 });
      await f.queue.enqueue({ type: 'critical at 301', priority: 'critical', delayMs: 301 });
      await f.clock.advance(400);
      const order: string[] = [];

      for (let turn = 0; turn < 3; turn += 1) order.push((await claimOne(f.queue)).type);

      expect(order).toEqual(['critical at 299', 'low at 0', 'critical at 301']);
    });

    it('leaves a job alone until it is due', async () => {
      using f = fixture();
      await f.queue.enqueue({ type: 'delay', delayMs: 1_000 });
      await f.queue.enqueue({ type: 'instant', runAt: f.clock.epoch() + 2_000 });
      expect(await f.queue.counts()).toMatchObject({ waiting: 0, delayed: 2 });

      await f.clock.advance(999);
      expect(await f.queue.claim()).toEqual([]);
      await f.clock.advance(1);
      expect((await claimOne(f.queue)).type).toBe('delay');
      await f.clock.advance(1_000);
      expect((await claimOne(f.queue)).type).toBe('instant');
    });

    it('takes only jobs of the given types', async () => {
      using f = fixture();
      await f.queue.enqueue([{ type: 'a' }, { type: 'b', priority: 'low' }, { type: 'c' }]);

      expect(await f.queue.claim({ types: [] })).toEqual([]);
      expect((await f.queue.claim({ types: ['b', 'x'], max: 9 })).map(({ type }) => type)).toEqual(['b']);
    });

    it('refuses to claim nothing', async () => {
      using f = fixture();

      await expect(f.queue.claim({ max: 0 })).rejects.toThrow('max must be');
      await expect(f.queue.claim({ types: 'a' as never })).rejects.toThrow('types must be');
    });
  });

  describe('complete', () => {
    it('ends the job with its result, for good', async () => {
      using f = fixture();
      const { id } = await f.queue.enqueue({ type: 'a' });
      const job = await claimOne(f.queue);
      await f.clock.advance(5);

      expect(await f.queue.complete(job, { sum: 3 })).toBe('completed');

      expect(await f.queue.get(id)).toMatchObject({
        state: 'completed',
        result: { sum: 3 },
        finishedAt: f.clock.epoch(),
      });
      await f.clock.advance(hours(1));
      expect(await f.queue.claim()).toEqual([]);
      await expect(f.queue.complete(job)).rejects.toMatchObject(lost);
    });

    it('refuses a result of more bytes than allowed; the lease still holds', async () => {
      using f = fixture({ maxResultBytes: 10 });
      await f.queue.enqueue({ type: 'a' });
      const job = await claimOne(f.queue);

      await expect(f.queue.complete(job, '123456789')).rejects.toMatchObject({
        code: 'ERR_RESULT_TOO_LARGE',
        bytes: 11,
      });
      await expect(f.queue.heartbeat(job, '123456789')).rejects.toMatchObject({
        code: 'ERR_RESULT_TOO_LARGE',
      });

      expect(await f.queue.complete(job, '12345678')).toBe('completed');
    });
  });

  describe('fail', () => {
    it('lets a job without a wait be tried again at once, however far its factor has grown', async () => {
      using f = fixture();
      const backoff = { baseMs: 0, factor: 1e200 };
      await f.queue.enqueue({ type: 'a', maxAttempts: 9, backoff });

      for (let attempt = 1; attempt <= 4; attempt += 1)
        expect(await f.queue.fail(await claimOne(f.queue), new Error('no'))).toBe('waiting');
    });

    it('lets the job wait for a time within the jitter, doubled each time up to the most, then die', async () => {
      using f = fixture({ random: () => 0.999_999 });
      const backoff = { baseMs: 1_000, factor: 2, maxMs: 3_000 };
      const { id } = await f.queue.enqueue({ type: 'a', maxAttempts: 4, backoff });
      const waits: number[] = [];

      for (let attempt = 1; attempt <= 3; attempt += 1) {
        const job = await claimOne(f.queue);
        expect(job.attempts).toBe(attempt);
        expect(await f.queue.fail(job, new TypeError(`no ${attempt}`))).toBe('waiting');
        waits.push(((await f.queue.get(id))?.runAt ?? 0) - f.clock.epoch());
        await f.clock.advance((waits.at(-1) ?? 0) - 1);
        expect(await f.queue.claim()).toEqual([]);
        await f.clock.advance(1);
      }

      expect(waits).toEqual([1_000, 2_000, 3_000]);
      expect(await f.queue.fail(await claimOne(f.queue), new TypeError('no 4'))).toBe('dead');
      expect(await f.queue.get(id)).toMatchObject({
        state: 'dead',
        attempts: 4,
        failure: { name: 'TypeError', message: 'no 4', failedAt: f.clock.epoch() },
      });
      await f.clock.advance(hours(1));
      expect(await f.queue.claim()).toEqual([]);
    });

    it('has full jitter over 1 s, doubled up to 30 min, unless told otherwise', async () => {
      using f = fixture({ random: () => 0.5 });
      const { id } = await f.queue.enqueue({ type: 'a', maxAttempts: 20 });
      const waits: number[] = [];
      for (let attempt = 1; attempt <= 13; attempt += 1) {
        await f.queue.fail(await claimOne(f.queue), new Error('no'));
        waits.push(((await f.queue.get(id))?.runAt ?? 0) - f.clock.epoch());
        await f.clock.advance(minutes(30));
      }

      expect(waits.slice(0, 3)).toEqual([500, 1_000, 2_000]);
      expect(waits.slice(-2)).toEqual([minutes(15), minutes(15)]);
    });

    it('waits as long as the error says', async () => {
      using f = fixture();
      const { id } = await f.queue.enqueue({ type: 'a' });

      await f.queue.fail(await claimOne(f.queue), new RetryAfterError(seconds(90)));

      expect((await f.queue.get(id))?.runAt).toBe(f.clock.epoch() + 90_000);
      expect((await f.queue.get(id))?.failure).toMatchObject({ code: 'ERR_RETRY_AFTER' });
    });

    it('lets the job die at once of an error that is not to be retried', async () => {
      using f = fixture();
      const { id } = await f.queue.enqueue({ type: 'a' });

      expect(await f.queue.fail(await claimOne(f.queue), new NonRetryableError('no such user'))).toBe('dead');

      expect(await f.queue.get(id)).toMatchObject({
        state: 'dead',
        attempts: 1,
        failure: { message: 'no such user', code: 'ERR_NON_RETRYABLE' },
      });
    });

    it.each([
      ['a string', 'broken', { name: 'Error', message: 'broken' }],
      ['nothing', undefined, { name: 'Error', message: 'undefined' }],
      [
        'something with odd facts',
        { name: 1, message: 2, code: 3, retryAfterMs: 'x' },
        { name: 'Error', message: '2' },
      ],
    ])('takes %s for an error', async (_, error, failure) => {
      using f = fixture();
      const { id } = await f.queue.enqueue({ type: 'a' });

      expect(await f.queue.fail(await claimOne(f.queue), error)).toBe('waiting');

      expect((await f.queue.get(id))?.failure).toEqual({ ...failure, failedAt: f.clock.epoch() });
    });
  });

  describe('redrive', () => {
    it('lets a dead job wait again, with its payload and all its attempts', async () => {
      using f = fixture();
      const { id } = await f.queue.enqueue({ type: 'a', payload: 7, maxAttempts: 1 });
      const dead = await claimOne(f.queue);
      await f.queue.fail(dead, new Error('no'));
      await f.clock.advance(10);

      expect(await f.queue.redrive(id)).toBe(true);

      expect(await f.queue.get(id)).toMatchObject({
        state: 'waiting',
        attempts: 0,
        failure: undefined,
        finishedAt: undefined,
      });
      const again = await claimOne(f.queue);
      expect(again).toMatchObject({ id, payload: 7, attempts: 1 });
      expect(again.token).toBeGreaterThan(dead.token);
      await expect(f.queue.complete(dead)).rejects.toMatchObject(lost);
    });

    it('does nothing to a job that is not dead', async () => {
      using f = fixture();
      const { id } = await f.queue.enqueue({ type: 'a' });

      expect(await f.queue.redrive(id)).toBe(false);
      expect(await f.queue.redrive('unknown')).toBe(false);
    });
  });

  describe('lease', () => {
    it('runs out: then another may claim the job, with a new token and the attempt given back', async () => {
      using f = fixture({ leaseMs: 1_000 });
      await f.queue.enqueue({ type: 'a' });
      const first = await claimOne(f.queue);

      await f.clock.advance(999);
      expect(await f.queue.claim()).toEqual([]);
      await f.clock.advance(1);
      const [second] = await f.other().claim();

      expect(second).toMatchObject({ id: first.id, token: first.token + 1, attempts: 1, stalls: 1 });
    });

    it('fences: whoever lost it can neither complete, fail, release nor renew', async () => {
      using f = fixture({ leaseMs: 1_000 });
      await f.queue.enqueue({ type: 'a' });
      const first = await claimOne(f.queue);
      await f.clock.advance(1_000);
      const second = await claimOne(f.queue);

      await expect(f.queue.complete(first)).rejects.toMatchObject({
        ...lost,
        jobId: first.id,
        token: first.token,
      });
      await expect(f.queue.fail(first, new Error('no'))).rejects.toMatchObject(lost);
      await expect(f.queue.release(first)).rejects.toMatchObject(lost);
      await expect(f.queue.heartbeat(first)).rejects.toMatchObject(lost);
      await expect(f.queue.complete({ id: 'unknown', token: 1 })).rejects.toMatchObject(lost);

      expect(await f.queue.complete(second)).toBe('completed');
      expect(f.queue.statistics()).toMatchObject({ leasesLost: 5, completed: 1 });
    });

    it('goes on with each heartbeat, which keeps the progress', async () => {
      using f = fixture({ leaseMs: 1_000 });
      const { id } = await f.queue.enqueue({ type: 'a' });
      const job = await claimOne(f.queue);

      await f.clock.advance(900);
      expect(await f.queue.heartbeat(job, { done: 1 })).toEqual({ cancelRequested: false });
      await f.clock.advance(900);
      await f.queue.heartbeat(job);
      await f.clock.advance(900);

      expect(await f.queue.claim()).toEqual([]);
      expect(await f.queue.get(id)).toMatchObject({ progress: { done: 1 }, state: 'active' });
    });

    it('is still good after it ran out, as long as nobody else has the job', async () => {
      using f = fixture({ leaseMs: 1_000 });
      await f.queue.enqueue({ type: 'a' });
      const job = await claimOne(f.queue);
      await f.clock.advance(5_000);

      await f.queue.heartbeat(job);

      expect(await f.queue.claim()).toEqual([]);
      expect(await f.queue.complete(job)).toBe('completed');
    });

    it('costs an attempt when it runs out more often than maxStalls, so that the job ends', async () => {
      using f = fixture({ leaseMs: 1_000, maxStalls: 2, random: () => 0 });
      const { id } = await f.queue.enqueue({ type: 'a', maxAttempts: 2 });
      const attempts: number[] = [];

      for (let claims = 0; claims < 9; claims += 1) {
        const [job] = await f.queue.claim();
        if (job === undefined) break;
        attempts.push(job.attempts);
        await f.clock.advance(1_000);
      }

      expect(attempts).toEqual([1, 1, 1, 2]);
      expect(await f.queue.get(id)).toMatchObject({
        state: 'dead',
        attempts: 2,
        stalls: 4,
        failure: { code: 'ERR_JOB_STALLED' },
      });
    });

    it('is given back by a release, as if the job had not been claimed', async () => {
      using f = fixture();
      const { id } = await f.queue.enqueue({ type: 'a' });

      expect(await f.queue.release(await claimOne(f.queue))).toBe('waiting');

      expect(await f.queue.get(id)).toMatchObject({ state: 'waiting', attempts: 0, stalls: 0 });
      expect(await claimOne(f.queue)).toMatchObject({ id, attempts: 1, token: 2 });
    });
  });

  describe('cancel', () => {
    it('keeps a waiting job from ever running', async () => {
      using f = fixture();
      const { id } = await f.queue.enqueue({ type: 'a' });

      expect(await f.queue.cancel(id)).toBe('cancelled');

      expect(await f.queue.claim()).toEqual([]);
      expect(await f.queue.get(id)).toMatchObject({ state: 'cancelled', finishedAt: f.clock.epoch() });
      expect(await f.queue.cancel(id)).toBe('finished');
      expect(await f.queue.cancel('unknown')).toBe('unknown');
    });

    it.each([
      ['completes', (queue: IJobQueue, job: ClaimedJob) => queue.complete(job, 1)],
      ['fails', (queue: IJobQueue, job: ClaimedJob) => queue.fail(job, new Error('aborted'))],
      ['is released', (queue: IJobQueue, job: ClaimedJob) => queue.release(job)],
    ])('tells a running job at its heartbeat, which ends as cancelled though it %s', async (_, settle) => {
      using f = fixture();
      const { id } = await f.queue.enqueue({ type: 'a' });
      const job = await claimOne(f.queue);

      expect(await f.other().cancel(id)).toBe('requested');

      expect(await f.queue.heartbeat(job)).toEqual({ cancelRequested: true });
      expect(await settle(f.queue, job)).toBe('cancelled');
      expect(await f.queue.get(id)).toMatchObject({ state: 'cancelled' });
      expect(await f.queue.claim()).toEqual([]);
    });

    it('ends a running job whose lease runs out', async () => {
      using f = fixture({ leaseMs: 1_000 });
      const { id } = await f.queue.enqueue({ type: 'a' });
      await claimOne(f.queue);
      await f.queue.cancel(id);
      await f.clock.advance(1_000);

      expect(await f.queue.claim()).toEqual([]);

      expect((await f.queue.get(id))?.state).toBe('cancelled');
    });

    it('does not touch a job that finished first', async () => {
      using f = fixture();
      const { id } = await f.queue.enqueue({ type: 'a' });
      await f.queue.complete(await claimOne(f.queue));

      expect(await f.queue.cancel(id)).toBe('finished');

      expect((await f.queue.get(id))?.state).toBe('completed');
    });
  });

  describe('retention', () => {
    const finish = async (queue: IJobQueue, count: number): Promise<void> => {
      await queue.enqueue(Array.from({ length: count }, () => ({ type: 'a' })));
      for (const job of await queue.claim({ max: count })) await queue.complete(job);
    };

    it('keeps the newest of the finished jobs, and dead ones apart from them', async () => {
      using f = fixture({ retention: { finished: { maxCount: 10 }, dead: { maxCount: 5 } } });
      const { id } = await f.queue.enqueue({ type: 'a', maxAttempts: 1 });
      await f.queue.fail(await claimOne(f.queue), new Error('no'));

      for (let round = 0; round < 5; round += 1) await finish(f.queue, 100);

      const { completed, dead } = await f.queue.counts();
      expect(completed).toBeGreaterThanOrEqual(10);
      expect(completed).toBeLessThanOrEqual(110);
      expect(dead).toBe(1);
      expect((await f.queue.get(id))?.state).toBe('dead');
    });

    it('lets finished jobs go when they are too old', async () => {
      using f = fixture({ retention: { finished: { maxAgeMs: 1_000 } } });
      const { id } = await f.queue.enqueue({ type: 'a' });
      await f.queue.complete(await claimOne(f.queue));
      await f.clock.advance(1_000);

      await finish(f.queue, 100);

      expect(await f.queue.get(id)).toBeUndefined();
      expect((await f.queue.counts()).completed).toBeGreaterThanOrEqual(99);
    });
  });

  it('counts what it did and tells it in events, in the order it happened', async () => {
    using f = fixture({ leaseMs: 1_000, maxStalls: 0 });
    const events: string[] = [];
    f.queue.events.subscribe(({ type, jobType }: JobEvent) => events.push(`${jobType} ${type}`));
    await f.queue.enqueue({ type: 'a', idempotencyKey: 'k' });
    await f.queue.enqueue({ type: 'a', idempotencyKey: 'k' });
    await f.queue.release(await claimOne(f.queue));
    await f.queue.fail(await claimOne(f.queue), new RetryAfterError(0));
    await claimOne(f.queue);
    await f.clock.advance(1_000);
    await f.queue.claim();
    await f.clock.advance(seconds(10));
    await f.queue.fail(await claimOne(f.queue), new NonRetryableError('no'));
    const { id } = await f.queue.enqueue({ type: 'b' });
    await f.queue.cancel(id);

    expect(events).toEqual(
      'a enqueued,a claimed,a released,a claimed,a retried,a claimed,a stalled,a retried,a claimed,a died,b enqueued,b cancelled'.split(
        ',',
      ),
    );
    expect(f.queue.statistics()).toEqual({
      component: 'jobs',
      waiting: 0,
      delayed: 0,
      active: 0,
      dead: 1,
      oldestWaitingMs: 0,
      enqueued: 2,
      deduplicated: 1,
      claimed: 4,
      completed: 0,
      failed: 3,
      retried: 2,
      died: 1,
      cancelled: 1,
      stalled: 1,
      released: 1,
      redriven: 0,
      leasesLost: 0,
    });
  });

  it('tells how long the job that waits longest has been due', async () => {
    using f = fixture();
    await f.queue.enqueue([{ type: 'a' }, { type: 'b', delayMs: 500, priority: 'critical' }]);
    await f.clock.advance(800);

    expect(f.queue.statistics()).toMatchObject({ waiting: 2, oldestWaitingMs: 800 });
    await claimOne(f.queue);
    expect(f.queue.statistics()).toMatchObject({ waiting: 1, active: 1, oldestWaitingMs: 800 });
  });
});
