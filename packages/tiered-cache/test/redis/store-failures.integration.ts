import { randomUUID } from 'node:crypto';
import { systemClock } from '@holdfast/core';
import { describeWithRedis, OwnTime, startProxy } from '@holdfast/test-support';
import { createCache, type TieredCache, type TieredCacheEvent } from '@holdfast/tiered-cache';
import { redis } from '@holdfast/tiered-cache/redis';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';

import { layout } from '../../src/entry/layout.ts';

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

const pass = (ms: number): Promise<void> => new Promise((resolve) => void systemClock.schedule(resolve, ms));

describeWithRedis(
  'a cache on a Redis that fails',
  (server) => {
    const opened: AsyncDisposable[] = [];
    afterEach(async () => {
      for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
      await server.resume();
      await server.start();
    });

    const open = (url = server.url, l1?: false): { cache: TieredCache; events: TieredCacheEvent[] } => {
      const events: TieredCacheEvent[] = [];
      const l2 = redis(url, { prefix: `test-${randomUUID()}` });
      const cache = createCache({ namespace: 'shop', ttlMs: 60_000, tierTimeoutMs: timeoutMs, l1, l2 });
      cache.events.subscribe((event) => events.push(event));
      opened.push(cache);
      return { cache, events };
    };

    const outages: [string, () => Promise<void>, () => Promise<void>][] = [
      ['stopped and restarted empty', () => server.stop(), () => server.start()],
      ['killed and restarted empty', () => server.kill(), () => server.start()],
      ['paused', () => server.pause(), () => server.resume()],
    ];
    it.each(outages)(
      'rejects no read and holds none up while it is %s, and uses it again',
      async (_what, fail, recover) => {
        const { cache, events } = open();
        const traffic = new Traffic(cache);
        await pass(300);
        await fail();
        await pass(3_000);
        await recover();
        const failing = cache.statistics();
        const applied = (): number | undefined => cache.statistics().tiers.l2?.writesApplied;
        await expect.poll(applied).toBeGreaterThan(failing.tiers.l2?.writesApplied ?? 0);
        await traffic.stop();

        expect(traffic.rejections).toEqual([]);
        expect(traffic.reads).toBeGreaterThan(500);
        // One timeout for all waits of a read together, and its own work. A second wait would take a second timeout.
        expect(traffic.slowestMs).toBeLessThan(2 * timeoutMs);
        expect(failing.tiers.l2?.skipped).toBeGreaterThan(0);
        const types = events.map((event) => event.type);
        expect(types).toEqual(expect.arrayContaining(['tier-failed', 'tier-recovered']));
      },
    );

    it('answers while the network swallows everything, and recovers when it heals', async () => {
      const proxy = await startProxy(server);
      opened.push(proxy);
      const { cache, events } = open(proxy.url(server.url));
      await cache.set('key', 'old');
      proxy.blackhole();

      expect(await cache.get('other', () => 'loaded')).toBe('loaded');
      expect(await cache.delete('key')).toEqual({ l1: 'applied', l2: 'queued' });
      expect(await cache.get('key')).toBeUndefined();
      await proxy.heal();

      await expect.poll(() => cache.statistics().tiers.l2?.queued, { timeout: 10_000 }).toBe(0);
      expect(events.map((event) => event.type)).toContain('tier-recovered');
      expect(await cache.get('key')).toBeUndefined();
    });

    it('is not taken to have failed by a process that was too busy to read its answers', async () => {
      const { cache, events } = open(server.url, false);
      await cache.set('key', 'value');
      await server.pause();
      const reads = Array.from({ length: 50 }, () => cache.get('key'));
      await pass(1);
      // Answers come while the process is busy, and timers are due before they are read.
      await new Promise((resolve) => void setImmediate(resolve));
      const resumed = server.resume();
      const busyUntil = performance.now() + 3 * timeoutMs;
      while (performance.now() < busyUntil) Math.sqrt(busyUntil);
      await resumed;

      expect(await Promise.all(reads)).toEqual(reads.map(() => 'value'));
      expect(events.map(({ type }) => type)).not.toContain('tier-failed');
    });

    it('never gives out what was deleted while it was paused, without memory in front', async () => {
      const { cache } = open(server.url, false);
      await cache.set('key', 'old');
      await server.pause();
      expect(await cache.delete('key')).toEqual({ l2: 'queued' });
      expect(await cache.get('key')).toBeUndefined();
      await server.resume();
      expect(await cache.get('key')).toBeUndefined();

      await expect.poll(() => cache.statistics().tiers.l2?.queued, { timeout: 10_000 }).toBe(0);
      expect(await cache.get('key')).toBeUndefined();
    });

    it.each([
      [
        'refuses writes for lack of memory',
        async (admin: Redis) => void (await admin.config('SET', 'maxmemory', '1')),
      ],
      [
        'is a replica that takes no writes',
        async (admin: Redis) => void (await admin.replicaof('127.0.0.1', 1)),
      ],
    ])('reads on while the server %s', async (_what, spoil) => {
      const admin = new Redis(server.url);
      opened.push({ [Symbol.asyncDispose]: async () => admin.disconnect() });
      const { cache } = open(server.url, false);
      await cache.set('key', 'old');
      await spoil(admin);

      expect(await cache.set('key', 'new')).toEqual({ l2: 'queued' });
      expect(await cache.get('other', () => 'loaded')).toBe('loaded');
      expect(await cache.get('key', () => 'loaded')).toBe('loaded');
      await admin.config('SET', 'maxmemory', '0');
      await admin.replicaof('NO', 'ONE');
      await expect.poll(() => cache.statistics().tiers.l2?.queued, { timeout: 10_000 }).toBe(0);
      expect(await cache.get('key')).toBeUndefined();
    });

    it('is disposed at once while its first connection hangs', async () => {
      await server.pause();
      const { cache } = open();
      expect(await cache.get('key', () => 'loaded')).toBe('loaded');
      const disposed = cache[Symbol.asyncDispose]().then(() => 'disposed');
      const late = pass(2_000).then(() => 'late');
      expect(await Promise.race([disposed, late])).toBe('disposed');
    });

    it('starts without a server and takes it into use once it is there', async () => {
      await server.stop();
      const { cache } = open();
      expect(await cache.get('key', () => 'loaded')).toBe('loaded');
      await server.start();

      await expect
        .poll(async () => (await cache.set('probe', 1)).l2, { timeout: 10_000, interval: 200 })
        .toBe('applied');
    });

    it('has only misses after the server has lost everything', async () => {
      const { cache } = open(server.url, false);
      await cache.set('key', 'old');
      const admin = new Redis(server.url);
      await admin.flushall();
      admin.disconnect();

      expect(await cache.get('key')).toBeUndefined();
      // What is set before the loss was noticed is lost with it.
      const setAgain = async (): Promise<unknown> => {
        await cache.set('key', 'new');
        return cache.get('key');
      };
      await expect.poll(setAgain, { timeout: 5_000 }).toBe('new');
    });

    it('takes what others put under its keys for misses', async () => {
      const prefix = `test-${randomUUID()}`;
      const events: TieredCacheEvent[] = [];
      const cache = createCache({
        namespace: 'shop',
        ttlMs: 1_000,
        l1: false,
        l2: redis(server.url, { prefix }),
      });
      cache.events.subscribe((event) => events.push(event));
      opened.push(cache);
      const admin = new Redis(server.url);
      await admin.set(`${prefix}/shop:v:{text}`, 'something that somebody else has put here');
      await admin.lpush(`${prefix}/shop:v:{list}`, 'x');
      await cache.set('damaged', { id: 1 });
      // The length of the etag, which follows the fixed fields.
      await admin.setrange(`${prefix}/shop:v:{damaged}`, layout.etagAt, Buffer.from([255, 255]));
      admin.disconnect();

      for (const key of ['text', 'list', 'damaged'])
        expect(await cache.get(key, () => 'loaded')).toBe('loaded');
      expect(cache.statistics().tiers.l2?.errors).toBeGreaterThanOrEqual(3);
      expect(new Set(events.map((event) => event.type))).toEqual(
        new Set(['entry-corrupted', 'tier-failed', 'tier-recovered']),
      );
    });
  },
  { controllable: true },
);
