import { AsyncLocalStorage } from 'node:async_hooks';

import { Bulkhead } from '@holdfast/bulkhead';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

/** Calls that wait behind a slot that is held, and who of them was served, in that order. */
class Queue {
  readonly served: string[] = [];
  readonly bulkhead: Bulkhead;
  readonly #held: ReturnType<Bulkhead['tryAcquire']>;

  constructor(options?: { readonly tenantWeight?: (tenant: string) => number }) {
    this.bulkhead = new Bulkhead({ limit: 1, maxQueued: 100_000, clock: new ManualClock(), ...options });
    this.#held = this.bulkhead.tryAcquire();
  }

  join(tenant: string, times: number = 1): void {
    for (let time = 0; time < times; time += 1)
      void this.bulkhead.execute(() => void this.served.push(tenant), { tenant });
  }

  async drain(): Promise<void> {
    this.#held?.release();
    while (this.bulkhead.running > 0) await settle();
  }
}

describe('Bulkhead, row by row', () => {
  it('BH-12: serves a tenant of one within a round, however many another one has waiting', async () => {
    const queue = new Queue();
    queue.join('many', 1_000);
    queue.join('one');

    await queue.drain();

    expect(queue.served.indexOf('one')).toBeLessThanOrEqual(1);
    expect(queue.served).toHaveLength(1_001);
  });

  it('BH-12: serves weights of 3 to 1 in each round of four', async () => {
    const queue = new Queue({ tenantWeight: (tenant) => (tenant === 'heavy' ? 3 : 1) });
    queue.join('light', 100);
    queue.join('heavy', 300);

    await queue.drain();

    const heavyPerRound = Array.from(
      { length: 100 },
      (_, round) =>
        queue.served.slice(4 * round, 4 * round + 4).filter((tenant) => tenant === 'heavy').length,
    );
    expect(new Set(heavyPerRound)).toEqual(new Set([3]));
  });

  it('BH-13: keeps nothing of a tenant that does not wait, and no timer for one that does', async () => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1_000, maxWaitMs: 10, clock });
    bulkhead.tryAcquire();

    for (let round = 0; round < 10; round += 1) {
      const calls = Array.from({ length: 1_000 }, (_, index) =>
        bulkhead.execute(() => {}, { tenant: `${round} ${index}` }).catch(() => {}),
      );
      expect(bulkhead.statistics().tenants).toBe(1_000);
      expect(clock.pending()).toBe(1);
      clock.advanceSync(10);
      await Promise.all(calls);
    }

    expect(bulkhead.statistics().tenants).toBe(0);
    expect(clock.pending()).toBe(0);
  });

  it('BH-14: gives the least critical a tenth of the slots while the most critical never stop coming', async () => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1_000, clock: new ManualClock() });
    const held = bulkhead.tryAcquire();
    const served: string[] = [];
    const join = (criticality: 'critical' | 'sheddable'): void =>
      void bulkhead.execute(() => void served.push(criticality), { criticality });
    for (let index = 0; index < 400; index += 1) join('critical');
    for (let index = 0; index < 100; index += 1) join('sheddable');

    held?.release();
    while (bulkhead.running > 0) await settle();

    expect(served.slice(0, 400).filter((criticality) => criticality === 'sheddable')).toHaveLength(40);
  });

  it('BH-15: runs a queued operation in the async context of its own caller', async () => {
    const storage = new AsyncLocalStorage<string>();
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 2 });
    const held = storage.run('holder', () => bulkhead.tryAcquire());
    const calls = ['a', 'b'].map((caller) =>
      storage.run(caller, () => bulkhead.execute(() => storage.getStore())),
    );

    storage.run('releaser', () => held?.release());

    expect(await Promise.all(calls)).toEqual(['a', 'b']);
  });

  it('BH-17: keeps its order with 100,000 waiting, of whom every third leaves', async () => {
    const depth = 100_000;
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: depth, clock: new ManualClock() });
    const held = bulkhead.tryAcquire();
    const served: number[] = [];
    const controllers = new Map<number, AbortController>();
    const calls = Array.from({ length: depth }, (_, index) => {
      const controller = index % 3 === 0 ? new AbortController() : undefined;
      if (controller !== undefined) controllers.set(index, controller);
      return bulkhead.execute(() => served.push(index), { signal: controller?.signal }).catch(() => {});
    });

    for (const controller of controllers.values()) controller.abort();
    expect(bulkhead.queued).toBe(depth - controllers.size);
    held?.release();
    await Promise.all(calls);

    expect(served).toHaveLength(depth - controllers.size);
    expect(served.every((index, place) => index > (served[place - 1] ?? 0))).toBe(true);
  });
});
