import { Bulkhead } from '@holdfast/bulkhead';
import { describe, expect, it } from 'vitest';

// cockatiel 4.0.0: who comes in the microtasks between a release and the start of the waiter takes its slot, and the
// waiter, which had been let into the queue, is rejected.
describe('D4: a caller between a release and the start of the next waiter', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
    'neither overtakes nor ousts the waiter, %i microtasks later',
    async (ticks) => {
      const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1 });
      const running = Promise.withResolvers<string>();
      const first = bulkhead.execute(() => running.promise);
      const started: string[] = [];
      const waiter = bulkhead.execute(async () => started.push('waiter'));

      running.resolve('done');
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      const third = bulkhead.execute(async () => started.push('third')).catch(() => 'refused');

      expect(await first).toBe('done');
      expect(await waiter).toBe(1);
      await third;
      expect(started[0]).toBe('waiter');
    },
  );
});
