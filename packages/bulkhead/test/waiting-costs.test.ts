import { Bulkhead, type BulkheadOptions } from '@holdfast/bulkhead';
import type { Clock, ExecuteOptions } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

/** A bulkhead in front of which calls with these deadlines wait for its only slot, while they can. */
function waiting(
  options: Partial<BulkheadOptions>,
  clock: Clock,
  deadlines: readonly (number | undefined)[],
) {
  const bulkhead = new Bulkhead({ limit: 1, maxQueued: 9, ...options, clock });
  bulkhead.tryAcquire();
  const callers = deadlines.map((deadlineMs) => {
    const controller = new AbortController();
    const call: ExecuteOptions = { signal: controller.signal, deadlineMs };
    bulkhead.execute(() => 'ran', call).catch(() => undefined);
    return controller;
  });
  return { bulkhead, leave: () => callers.forEach((caller) => caller.abort()) };
}

describe('who waits for a Bulkhead', () => {
  it.each([
    ['no end', {}, [undefined, undefined], 0],
    ['deadlines only', {}, [50, undefined, 80], 2],
    ['a longest wait', { maxWaitMs: 100 }, [undefined, undefined], 1],
    ['deadlines before the longest wait', { maxWaitMs: 100 }, [99, 50, undefined], 3],
    ['a deadline after the longest wait', { maxWaitMs: 100 }, [101, undefined], 1],
  ] as const)('costs no more timers than there are ends to it: %s', (_what, options, deadlines, timers) => {
    const clock = new ManualClock();
    const { bulkhead, leave } = waiting(options, clock, deadlines);

    expect([bulkhead.queued, clock.pending()]).toEqual([deadlines.length, timers]);
    leave();
    expect([bulkhead.queued, clock.pending()]).toEqual([0, 0]);
  });

  it.each([
    ['is refused at once', { maxQueued: 0 }, 0],
    ['is served in plain order of arrival', { discipline: 'fifo' }, 0],
    ['is served so, but may not wait for ever', { discipline: 'fifo', maxWaitMs: 100 }, 1],
    ['may be shed', {}, 1],
  ] as const)(
    'costs a reading of the clock only where somebody asks how long it waits: %s',
    (_who, options, readings) => {
      const clock = new ManualClock();
      let read = 0;
      const counting: Clock = {
        now: () => ((read += 1), clock.now()),
        epoch: () => clock.epoch(),
        schedule: (task, delayMs) => clock.schedule(task, delayMs),
      };

      waiting(options, counting, [undefined]);

      expect(read).toBe(readings);
    },
  );

  it('counts among the tenants who wait, once per criticality', () => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 9 });
    const held = bulkhead.tryAcquire();
    const calls: readonly ExecuteOptions[] = [
      { tenant: 'a' },
      { tenant: 'a' },
      { tenant: 'b' },
      { tenant: 'a', criticality: 'sheddable' },
    ];
    for (const call of calls) void bulkhead.acquire(call);

    expect(bulkhead.statistics()).toMatchObject({ queued: 4, tenants: 3 });
    held?.release();
    expect(bulkhead.statistics()).toMatchObject({ queued: 3, tenants: 3 });
  });
});
