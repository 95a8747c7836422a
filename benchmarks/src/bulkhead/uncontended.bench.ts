// What does a bulkhead add to a call that finds a free slot?
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

export default question({
  answer: 1,
  cases: () => {
    const counter = new LinkedCounter(limit);
    const holdfast = new Bulkhead({ limit });
    const auto = new Bulkhead({ limit: { initial: limit, min: limit } });
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
      reference('a counter with a linked list', () => counter.run(one)),
      ours('Bulkhead', () => holdfast.execute(one), { atMost: 2 }),
      ours('Bulkhead, limit auto', () => auto.execute(one)),
      peer('cockatiel', '', () => cockatiel.execute(one)),
      peer('async-sema', '', guarded),
      peer('fastq', 'promise; tasks lose their async context', () => worker.push(undefined)),
      peer('p-limit', '', () => limiter(one)),
      peer('p-queue', '', () => queue.add(one)),
    ];
  },
});
