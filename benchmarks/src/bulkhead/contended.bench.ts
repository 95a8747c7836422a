// What does a bulkhead of 10 slots cost each of 1000 tasks that come at once?
import { Bulkhead } from '@holdfast/bulkhead';
import { Sema } from 'async-sema';
import { bulkhead } from 'cockatiel';
import fastq from 'fastq';
import pLimit from 'p-limit';
import PQueue from 'p-queue';

import { one } from '../harness/operation.ts';
import { baseline, ours, peer, question } from '../harness/question.ts';

const limit = 10;
const tasks = 1_000;

async function sumOf(task: () => PromiseLike<number>): Promise<number> {
  const results = await Promise.all(Array.from({ length: tasks }, task));
  return results.reduce((sum, result) => sum + result, 0);
}

export default question({
  answer: tasks,
  callsPerRun: tasks,
  cases: () => {
    const holdfast = new Bulkhead({ limit, maxQueued: tasks });
    const timed = new Bulkhead({ limit, maxQueued: tasks, maxWaitMs: 60_000 });
    const limiter = pLimit(limit);
    const queue = new PQueue({ concurrency: limit });
    const cockatiel = bulkhead(limit, tasks);
    const semaphore = new Sema(limit, { capacity: tasks });
    const worker = fastq.promise<unknown, undefined, number>(one, limit);
    const guarded = async (): Promise<number> => {
      await semaphore.acquire();
      try {
        return await one();
      } finally {
        semaphore.release();
      }
    };
    return [
      baseline('Promise.all without a limit', () => sumOf(one)),
      ours('Bulkhead', () => sumOf(() => holdfast.execute(one)), { atMost: 2.8 }),
      ours('Bulkhead, maxWaitMs', () => sumOf(() => timed.execute(one))),
      peer('cockatiel', '', () => sumOf(() => cockatiel.execute(one))),
      peer('async-sema', '', () => sumOf(guarded)),
      peer('fastq', 'promise', () => sumOf(() => worker.push(undefined))),
      peer('p-limit', '', () => sumOf(() => limiter(one))),
      peer('p-queue', '', () => sumOf(() => queue.add(one))),
    ];
  },
});
