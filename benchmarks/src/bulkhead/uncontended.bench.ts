// What does a bulkhead add to a call that finds a free slot?
import { Bulkhead } from '@holdfast/bulkhead';
import { Sema } from 'async-sema';
import { bulkhead } from 'cockatiel';
import fastq from 'fastq';
import pLimit from 'p-limit';
import PQueue from 'p-queue';

import { one } from '../harness/operation.ts';
import { baseline, ours, peer, question } from '../harness/question.ts';

const limit = 10;

export default question({
  answer: 1,
  cases: () => {
    const holdfast = new Bulkhead({ limit });
    const limiter = pLimit(limit);
    const queue = new PQueue({ concurrency: limit });
    const cockatiel = bulkhead(limit);
    const semaphore = new Sema(limit);
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
      baseline('bare call', () => one()),
      ours('Bulkhead', () => holdfast.execute(one), { atMost: 2 }),
      peer('cockatiel', '', () => cockatiel.execute(one)),
      peer('async-sema', '', guarded),
      peer('fastq', 'promise', () => worker.push(undefined)),
      peer('p-limit', '', () => limiter(one)),
      peer('p-queue', '', () => queue.add(one)),
    ];
  },
});
