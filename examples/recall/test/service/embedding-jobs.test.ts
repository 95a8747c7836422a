import { ManualClock, settle } from '@holdfast/core/testing';
import { type IJobQueue, MemoryJobQueue } from '@holdfast/jobs';
import { until } from '@holdfast/test-support';
import { describe, expect, it, vi } from 'vitest';

import { userId } from '../../src/domain/user-id.ts';
import { EmbeddingJobs } from '../../src/service/embedding-jobs.ts';

const ada = userId('ada');
const bob = userId('bob');

interface Model {
  embedPending(user: string, limit: number): Promise<number>;
}

function someJobs(
  embeddings: Model | undefined,
  queue: IJobQueue = new MemoryJobQueue(),
): { jobs: EmbeddingJobs; queue: IJobQueue; errors: unknown[] } {
  const errors: unknown[] = [];
  const log = { error: ({ err }: { err: unknown }) => void errors.push(err) };
  return { jobs: new EmbeddingJobs({ queue, embeddings, log: log as never }), queue, errors };
}

describe('EmbeddingJobs', () => {
  it('has vectors made of all that a user has, batch by batch', async () => {
    const done: [string, number][] = [];
    let rest = 150;
    const { jobs, queue } = someJobs({
      embedPending: async (user, limit) => {
        const now = Math.min(rest, limit);
        rest -= now;
        done.push([user, now]);
        return now;
      },
    });
    await using _ = jobs;

    await jobs.request(ada);
    await until('the job is done', () => queue.statistics().completed === 1);

    expect(done).toEqual([
      ['ada', 64],
      ['ada', 64],
      ['ada', 22],
    ]);
  });

  it('has one job for all that is written before it begins, and another one for what comes later', async () => {
    const gates = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
    let calls = 0;
    const { jobs, queue } = someJobs({
      embedPending: () => gates[(calls += 1) - 1]?.promise ?? Promise.resolve(0),
    });
    await using _ = jobs;

    await Promise.all([jobs.request(ada), jobs.request(ada)]);
    await until('the job has begun', () => calls === 1);
    // The worker does one thing at a time, so these wait.
    for (let write = 0; write < 5; write += 1) await jobs.request(ada);
    await jobs.request(bob);
    expect(queue.statistics().enqueued).toBe(3);
    for (const gate of gates) gate.resolve(0);
    await until('all are done', () => queue.statistics().completed === 3);

    await jobs.request(ada);
    expect(queue.statistics().enqueued).toBe(4);
  });

  it('adds no job while one that failed has yet to be tried again', async () => {
    const clock = new ManualClock();
    const { jobs, queue } = someJobs(
      { embedPending: () => Promise.reject(new Error('the model is down')) },
      new MemoryJobQueue({ clock }),
    );
    await using _ = jobs;

    await jobs.request(ada);
    await until('it has failed', () => queue.statistics().retried === 1);
    for (let write = 0; write < 5; write += 1) await jobs.request(ada);

    expect(queue.statistics()).toMatchObject({ enqueued: 1, dead: 0 });
  });

  it('asks for nothing without a model', async () => {
    const { jobs, queue } = someJobs(undefined);
    await using _ = jobs;

    await jobs.request(ada);

    expect(queue.statistics().enqueued).toBe(0);
  });

  it('logs that it could not ask, fails nobody, and asks again the next time', async () => {
    const queue = new MemoryJobQueue();
    const disk = vi.spyOn(queue, 'enqueue').mockRejectedValueOnce(new Error('disk full'));
    const { jobs, errors } = someJobs({ embedPending: async () => 0 }, queue);
    await using _ = jobs;

    await jobs.request(ada);
    await jobs.request(ada);

    expect(errors).toEqual([new Error('disk full')]);
    expect(queue.statistics().enqueued).toBe(1);
    expect(disk).toHaveBeenCalledTimes(2);
  });

  it('lets a job that runs see that the service stops, and gives it back', async () => {
    const queue = new MemoryJobQueue();
    let reason: unknown;
    const embeddings = {
      embedPending: (_user: string, _limit: number, options?: { signal?: AbortSignal }) =>
        new Promise<number>((_, reject) => {
          options?.signal?.addEventListener('abort', () => {
            reason = options.signal?.reason;
            reject(reason);
          });
        }),
    };
    const { jobs } = someJobs(embeddings, queue);
    await jobs.request(ada);
    await until('it runs', () => queue.statistics().active === 1);

    await jobs[Symbol.asyncDispose]();
    await settle();

    expect(reason).toMatchObject({ code: 'ERR_WORKER_STOPPED' });
    expect(queue.statistics()).toMatchObject({ active: 0, released: 1, dead: 0 });
  });
});
