// What does a bulkhead of 10 slots cost each of 1000 tasks that come at once?
import { Bulkhead } from '@holdfast/bulkhead';
import { Sema } from 'async-sema';
import { bulkhead } from 'cockatiel';
import fastq from 'fastq';
import pLimit from 'p-limit';
import PQueue from 'p-queue';

import { one } from '../harness/operation.ts';
import { baseline, ours, peer, question, reference } from '../harness/question.ts';
import { LinkedCounter } from './linked-counter.ts';

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
    const counter = new LinkedCounter(limit);
    const codel = new Bulkhead({ limit, maxQueued: tasks });
    const fifo = new Bulkhead({ limit, maxQueued: tasks, discipline: 'fifo' });
    const timed = new Bulkhead({ limit, maxQueued: tasks, maxWaitMs: 60_000 });
    let turn = 0;
    const tenants = Array.from({ length: 16 }, (_, index) => ({ tenant: `tenant ${index}` }));
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
      reference('a counter with a linked list', () => sumOf(() => counter.run(one))),
      ours('Bulkhead', () => sumOf(() => codel.execute(one)), { atMost: 2.8 }),
      ours('Bulkhead, first in first out', () => sumOf(() => fifo.execute(one)), { atMost: 2.8 }),
      ours('Bulkhead, maxWaitMs', () => sumOf(() => timed.execute(one))),
      ours('Bulkhead, 16 tenants', () => sumOf(() => codel.execute(one, tenants[(turn += 1) & 15]))),
      peer('cockatiel', '', () => sumOf(() => cockatiel.execute(one))),
      peer('async-sema', '', () => sumOf(guarded)),
      peer('fastq', 'promise; tasks lose their async context', () => sumOf(() => worker.push(undefined))),
      peer('p-limit', '', () => sumOf(() => limiter(one))),
      peer('p-queue', '', () => sumOf(() => queue.add(one))),
    ];
  },
});
