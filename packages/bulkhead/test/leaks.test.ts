import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { Bulkhead } from '@holdfast/bulkhead';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Calls that end in every way there is: at once, after a wait, refused, aborted, shed, too late. */
async function round(bulkhead: Bulkhead, clock: ManualClock, shared: AbortSignal): Promise<void> {
  const leaver = new AbortController();
  const calls = Array.from({ length: 200 }, (_, index) =>
    bulkhead
      .execute(
        async () => {
          if (index % 7 === 0) throw new Error('failed');
        },
        {
          signal: index % 5 === 0 ? leaver.signal : shared,
          tenant: `tenant ${index % 11}`,
          criticality: index % 3 === 0 ? 'sheddable' : undefined,
          deadlineMs: index % 13 === 0 ? 40 : undefined,
        },
      )
      .catch(() => undefined),
  );
  const held = bulkhead.tryAcquire();
  leaver.abort();
  await clock.advance(30);
  held?.release();
  await Promise.all(calls);
}

describe('a Bulkhead at rest', () => {
  it.each(['codel', 'fifo'] as const)(
    'invariant 19: has left nothing on signals, clock or heap, %s',
    async (discipline) => {
      const clock = new ManualClock();
      const bulkhead = new Bulkhead({
        limit: 3,
        maxQueued: 150,
        maxWaitMs: 60,
        targetWaitMs: 1,
        shedAfterMs: 20,
        discipline,
        clock,
      });
      const { signal } = new AbortController();
      const grow = async (rounds: number): Promise<number> => {
        for (let each = 0; each < rounds; each += 1) await round(bulkhead, clock, signal);
        await settle();
        collect();
        return process.memoryUsage().heapUsed;
      };

      await grow(60);
      const before = await grow(20);
      const after = await grow(200);

      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
      expect(clock.pending()).toBe(0);
      expect(bulkhead.statistics()).toMatchObject({ running: 0, queued: 0, abandoned: 0, tenants: 0 });
      // 40,000 calls that each kept only a word of 8 bytes would be 320 kB.
      expect((after - before) / 40_000).toBeLessThan(8);
    },
  );
});
