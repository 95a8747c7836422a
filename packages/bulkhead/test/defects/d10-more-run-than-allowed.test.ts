import { Bulkhead } from '@holdfast/bulkhead';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

// opossum 10.0.0, capacity 2, timeout 10 ms, a task of 100 ms: the slot is freed at the timeout while the task goes on,
// and ten of them run at once.
describe('D10: operations whose callers gave up after 10 ms', () => {
  it.each(['execute', 'acquire'] as const)('keep their slots until they end, with %s', async (method) => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead({ limit: 2, clock });
    let running = 0;
    let most = 0;
    const task = (): Promise<void> => {
      most = Math.max(most, (running += 1));
      return new Promise((resolve) => {
        clock.schedule(() => {
          running -= 1;
          resolve();
        }, 100);
      });
    };
    const run = async (signal: AbortSignal): Promise<void> => {
      if (method === 'execute') return bulkhead.execute(task, { signal });
      const permit = await bulkhead.acquire({ signal });
      return task().finally(() => permit.release());
    };

    for (let call = 0; call < 10; call += 1) {
      const controller = new AbortController();
      run(controller.signal).catch(() => {});
      clock.schedule(() => controller.abort(), 10);
      await clock.advance(20);
    }

    expect(most).toBe(2);
    await clock.advance(100);
    await settle();
    expect([running, bulkhead.running]).toEqual([0, 0]);
  });
});
