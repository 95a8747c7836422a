import { ManualClock } from '@holdfast/core/testing';
import { MemoryJobQueue, type NewJob } from '@holdfast/jobs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('MemoryJobQueue', () => {
  it('claims in order, whatever was enqueued and cancelled before', async () => {
    const job = fc.record({
      type: fc.constant('a'),
      delayMs: fc.nat(1_000),
      priority: fc.constantFrom<NewJob['priority'][]>('high', 'high', 'low'),
      isCancelled: fc.boolean(),
    });

    await fc.assert(
      fc.asyncProperty(fc.array(job, { minLength: 1, maxLength: 200, size: 'max' }), async (jobs) => {
        const clock = new ManualClock();
        const queue = new MemoryJobQueue({ clock });
        const added = await queue.enqueue(jobs);
        const listed = jobs.map((each, index) => ({ ...each, id: added[index]?.id ?? '' }));
        for (const { id, isCancelled } of listed) if (isCancelled) await queue.cancel(id);
        await clock.advance(1_000);

        const claimed = [...(await queue.claim({ max: 10 })), ...(await queue.claim({ max: 200 }))];

        const left = listed.filter(({ isCancelled }) => !isCancelled);
        const rank = { critical: 0, high: 1, normal: 2, low: 3 };
        const order = left.toSorted(
          (one, other) =>
            rank[one.priority ?? 'normal'] - rank[other.priority ?? 'normal'] || one.delayMs - other.delayMs,
        );
        expect(claimed.map(({ id }) => id)).toEqual(order.map(({ id }) => id));
      }),
      { numRuns: 300 },
    );
  });
});
