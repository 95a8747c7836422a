// What does a bulkhead of 10 slots cost each of 50,000 tasks that come at once?
import { Bulkhead } from '@holdfast/bulkhead';
import { Sema } from 'async-sema';
import { bulkhead } from 'cockatiel';
import fastq from 'fastq';
import pLimit from 'p-limit';

import { one } from '../harness/operation.ts';
import { baseline, ours, peer, question } from '../harness/question.ts';
import { LinkedCounter } from './linked-counter.ts';

const limit = 10;
const tasks = 50_000;

async function sumOf(task: () => PromiseLike<number>): Promise<number> {
  const results = await Promise.all(Array.from({ length: tasks }, task));
  return results.reduce((sum, result) => sum + result, 0);
}

export default question({
  answer: tasks,
  callsPerRun: tasks,
  cases: () => {
    const counter = new LinkedCounter(limit);
    // A loaded machine may need longer for all of them than the queue lets anybody wait while more come.
    const patient = { limit, maxQueued: tasks, shedAfterMs: 60_000 };
    const codel = new Bulkhead(patient);
    const fifo = new Bulkhead({ ...patient, discipline: 'fifo' });
    const limiter = pLimit(limit);
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
      baseline('a counter with a linked list', () => sumOf(() => counter.run(one))),
      ours('Bulkhead', () => sumOf(() => codel.execute(one)), { atMost: 1.6 }),
      ours('Bulkhead, first in first out', () => sumOf(() => fifo.execute(one)), { atMost: 1.6 }),
      peer('cockatiel', '', () => sumOf(() => cockatiel.execute(one))),
      peer('async-sema', '', () => sumOf(guarded)),
      peer('fastq', 'promise; tasks lose their async context', () => sumOf(() => worker.push(undefined))),
      peer('p-limit', '', () => sumOf(() => limiter(one))),
    ];
  },
});
