import { describeWithPostgres, OwnTime } from '@holdfast/test-support';
import { createCache, type TieredCache, type TieredCacheEvent } from '@holdfast/tiered-cache';
import { postgres } from '@holdfast/tiered-cache/postgres';
import { afterEach, expect, it } from 'vitest';

import { newTable, pass, wrongClock } from './rig.ts';

const timeoutMs = 100;

/** Readers that never stop, and what came of it. */
class Traffic {
  readonly rejections: unknown[] = [];
  /** In time that this process had. */
  slowestMs = 0;
  reads = 0;
  #stopped = false;
  readonly #time = new OwnTime();
  readonly #readers: Promise<void>[];

  constructor(cache: TieredCache) {
    this.#readers = Array.from({ length: 5 }, (_, reader) => this.#read(cache, reader));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#readers);
    this.#time[Symbol.dispose]();
  }

  async #read(cache: TieredCache, reader: number): Promise<void> {
    for (let turn = 0; !this.#stopped; turn += 1) {
      const startedAt = this.#time.ms;
      await cache
        .get(`key ${reader} ${turn % 50}`, () => turn, { ttlMs: 20 })
        .catch((error: unknown) => this.rejections.push(error));
      this.slowestMs = Math.max(this.slowestMs, this.#time.ms - startedAt);
      this.reads += 1;
      await pass(1);
    }
  }
}

describeWithPostgres(
  'a cache whose third tier is a Postgres',
  (server) => {
    const opened: AsyncDisposable[] = [];
    afterEach(async () => {
      await server.resume();
      await server.start();
      for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
    });

    const open = (table = newTable(), l1?: false): { cache: TieredCache; events: TieredCacheEvent[] } => {
      const events: TieredCacheEvent[] = [];
      const l3 = postgres(server.url, { table });
      const cache = createCache({ namespace: 'shop', ttlMs: 60_000, tierTimeoutMs: timeoutMs, l1, l3 });
      cache.events.subscribe((event) => events.push(event));
      opened.push(cache);
      return { cache, events };
    };

    /** The first connection and the table take longer than the tier is waited for. */
    const applied = async (cache: TieredCache): Promise<void> => {
      await expect.poll(() => cache.set('probe', 1), { timeout: 10_000 }).toMatchObject({ l3: 'applied' });
    };

    it('finds after a restart what it had before', async () => {
      const table = newTable();
      const first = open(table).cache;
      await applied(first);
      expect(await first.get('key', () => ({ id: 1 }))).toEqual({ id: 1 });
      await first[Symbol.asyncDispose]();

      const second = open(table).cache;
      await applied(second);
      expect(await second.get('key')).toEqual({ id: 1 });
    });

    it.each<[string, () => Promise<void>, () => Promise<void>]>([
      ['stopped and started again', () => server.stop(), () => server.start()],
      ['paused', () => server.pause(), () => server.resume()],
    ])(
      'rejects no read and holds none up while it is %s, and uses it again',
      async (_what, fail, recover) => {
        const { cache, events } = open();
        const traffic = new Traffic(cache);
        await pass(300);
        await fail();
        await pass(1_000);
        await recover();
        const failing = cache.statistics();
        const before = failing.tiers.l3?.writesApplied ?? 0;
        await expect
          .poll(() => cache.statistics().tiers.l3?.writesApplied, { timeout: 20_000 })
          .toBeGreaterThan(before);
        await traffic.stop();

        expect(traffic.rejections).toEqual([]);
        expect(traffic.reads).toBeGreaterThan(50);
        // One timeout for all waits of a read together, and its own work.
        expect(traffic.slowestMs).toBeLessThan(2 * timeoutMs);
        expect(events.map((event) => event.type)).toContain('tier-recovered');
      },
    );

    it('never gives out what was deleted while it was paused, without memory in front', async () => {
      const { cache } = open(newTable(), false);
      await cache.set('key', 'old');
      await server.pause();
      expect(await cache.delete('key')).toMatchObject({ l3: 'queued' });
      expect(await cache.get('key')).toBeUndefined();
      await server.resume();

      await expect.poll(() => cache.statistics().tiers.l3?.queued, { timeout: 20_000 }).toBe(0);
      expect(await cache.get('key')).toBeUndefined();
    });

    it('keeps entries for as long as they should be, whatever the clock of this machine says', async () => {
      const table = newTable();
      const l3 = postgres(server.url, { table, clock: wrongClock });
      await l3.bytes('shop').set('key', Buffer.from('value'), { ttlMs: 400 });
      expect(await l3.bytes('shop').get('key')).toBeDefined();
      await pass(500);

      expect(await l3.bytes('shop').get('key')).toBeUndefined();
      await l3[Symbol.asyncDispose]();
    });
  },
  { controllable: true },
);
