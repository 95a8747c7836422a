import { randomUUID } from 'node:crypto';
import { systemClock } from '@holdfast/core';
import { describeWithRedis, OwnTime, startProxy } from '@holdfast/test-support';
import {
  cacheFromEnvironment,
  type Environment,
  type EnvironmentCache,
  type EnvironmentCacheOptions,
  type TierChange,
} from '@holdfast/tiered-cache/environment';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';

import { counted } from '../rig.ts';

const pass = (ms: number): Promise<void> => new Promise((resolve) => void systemClock.schedule(resolve, ms));

describeWithRedis(
  'a cache from the environment',
  (server) => {
    const opened: AsyncDisposable[] = [];
    afterEach(async () => {
      for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
      await server.resume();
      await server.start();
    });

    const open = (
      environment: Environment = {},
      options: Partial<EnvironmentCacheOptions> = {},
    ): EnvironmentCache & { readonly changes: TierChange[] } => {
      const changes: TierChange[] = [];
      const prefix = environment['CACHE_PREFIX'] ?? `test-${randomUUID()}`;
      const made = cacheFromEnvironment(
        { namespace: 'shop', ttlMs: 60_000, onTierChange: (change) => void changes.push(change), ...options },
        { REDIS_URL: server.url, CACHE_PREFIX: prefix, ...environment },
      );
      opened.push(made);
      return Object.assign(made, { changes });
    };

    it('shares entries through Redis, under the prefix', async () => {
      const prefix = `test-${randomUUID()}`;
      const one = open({ CACHE_PREFIX: prefix });
      const other = open({ CACHE_PREFIX: prefix, CACHE_MODE: 'redis' });
      await one.cache.set('key', 'value');

      expect(await other.cache.get('key')).toBe('value');
      const admin = new Redis(server.url);
      expect(await admin.keys(`${prefix}*`)).not.toEqual([]);
      admin.disconnect();
      expect(await one.health()).toEqual({
        status: 'up',
        mode: 'hybrid',
        tiers: {
          l1: { status: 'up', latencyMs: expect.any(Number) },
          l2: { status: 'up', latencyMs: expect.any(Number) },
        },
      });
    });

    it('goes on in memory while Redis is down, says so once, and comes back by itself', async () => {
      const made = open();
      const load = counted(() => 'loaded');
      expect(await made.cache.get('key', load)).toBe('loaded');
      await server.stop();

      // Longer than memory is believed without Redis where nobody has asked for more.
      for (let turn = 0; turn < 30; turn += 1) {
        expect(await made.cache.get('key', load)).toBe('loaded');
        await made.cache.get(`other ${turn}`, () => turn);
        await pass(100);
      }
      expect(load.calls).toBe(1);
      expect(made.changes).toEqual([{ tier: 'l2', status: 'down', error: expect.any(String) }]);
      expect(await made.health()).toMatchObject({
        status: 'degraded',
        tiers: { l1: { status: 'up' }, l2: { status: 'down' } },
      });

      await server.start();
      await expect
        .poll(async () => (await made.cache.set('back', 1), made.changes.at(-1)), { timeout: 10_000 })
        .toEqual({ tier: 'l2', status: 'up' });
      expect(made.changes).toHaveLength(2);
      await expect.poll(async () => (await made.health()).status, { timeout: 10_000 }).toBe('up');
    });

    it('starts without Redis, keeps what it loads in memory, and takes Redis into use once it is there', async () => {
      await server.stop();
      const made = open();
      const load = counted(() => 'loaded');
      for (let turn = 0; turn < 30; turn += 1) {
        expect(await made.cache.get('key', load)).toBe('loaded');
        await pass(100);
      }
      expect(load.calls).toBe(1);
      expect((await made.health()).status).toBe('degraded');

      await server.start();
      await expect
        .poll(async () => (await made.cache.set('back', 1)).l2, { timeout: 10_000, interval: 100 })
        .toBe('applied');
      expect((await made.health()).status).toBe('up');
    });

    it('says within the bound that a Redis is down which swallows everything', async () => {
      const proxy = await startProxy(server);
      opened.push(proxy);
      const made = open({ REDIS_URL: proxy.url(server.url) }, { probeTimeoutMs: 200 });
      expect((await made.health()).status).toBe('up');
      proxy.blackhole();

      using time = new OwnTime();
      const health = await made.health();
      const tookMs = time.ms;
      expect(health.tiers.l2).toEqual({ status: 'down', error: 'did not answer within 200 ms' });
      // Both tiers are asked at once, so the bound is that of one probe; the rest is for work of this process.
      expect(tookMs).toBeLessThan(200 + 100);
      await proxy.heal();
      await expect.poll(async () => (await made.health()).status, { timeout: 10_000 }).toBe('up');
    });

    it('shows no password that Redis refuses', async () => {
      const url = new URL(server.url);
      const made = open({ REDIS_URL: `redis://nobody:hunter2@${url.host}` });
      await made.cache.set('key', 1);

      const health = await made.health();
      expect(health.tiers.l2?.status).toBe('down');
      expect(JSON.stringify([health, made.changes])).not.toContain('hunter2');
      expect(made.changes).toHaveLength(1);
    });
  },
  { controllable: true },
);
