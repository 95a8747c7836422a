import { ManualClock } from '@holdfast/core/testing';
import { describeWithRedis, describeWithRedisCluster, until } from '@holdfast/test-support';
import { createCache, type TieredCache } from '@holdfast/tiered-cache';
import { redis, type RedisClient } from '@holdfast/tiered-cache/redis';
import { Cluster } from 'ioredis';
import { afterEach, expect, it } from 'vitest';

import { commandCalls, Opened } from './rig.ts';

const opened = new Opened();
afterEach(() => opened.close());

const lives = { ttlMs: 600_000, slidingMs: 60_000 };

/** A process whose sense of time is that of the test; Redis has its own. */
function processOn(client: RedisClient, prefix: string, clock: ManualClock): TieredCache {
  // Trust in the log ends by the same clock: with a long one, hits after an hour are hits.
  const l2 = redis(client, { prefix, clock });
  return opened.keep(createCache({ namespace: 'shop', ...lives, maxStalenessMs: 3_600_000, l2, clock }));
}

const extended = ({ slides }: ReturnType<TieredCache['statistics']>): number => slides.extended;

describeWithRedis('a life that slides in Redis', (server) => {
  it('is lengthened there by hits in memory, also how long Redis keeps it', async () => {
    const clock = new ManualClock();
    const client = opened.client(server.url);
    const prefix = `test-${Math.floor(performance.timeOrigin)}-slides`;
    const name = `${prefix}/shop:v:{key}`;
    const one = processOn(client, prefix, clock);
    await one.get('key', () => 'value');
    await client.pexpire(name, 5_000);
    await clock.advance(30_000);
    expect(one.peek('key')).toBe('value');
    await until('the life is lengthened', () => extended(one.statistics()) === 1);
    const leftMs = await client.pttl(name);
    expect(leftMs).toBeGreaterThan(50_000);
    expect(leftMs).toBeLessThanOrEqual(60_000);

    await clock.advance(50_000);
    const other = processOn(client, prefix, clock);
    expect([one.peek('key'), await other.get('key')]).toEqual(['value', 'value']);
  });

  it('costs one script in a quarter of slidingMs, and no other command', async () => {
    const clock = new ManualClock();
    const client = opened.client(server.url);
    const watching = opened.client(server.url);
    const cache = processOn(client, `test-${Math.floor(performance.timeOrigin)}-cost`, clock);
    await cache.get('key', () => 'value');
    // Loads the script.
    await clock.advance(20_000);
    cache.peek('key');
    await until('it is known', () => extended(cache.statistics()) === 1);
    const before = await commandCalls(watching);
    await clock.advance(20_000);
    for (let hits = 0; hits < 1_000; hits += 1) {
      cache.peek('key');
      await cache.get('key');
    }
    await until('it is lengthened', () => extended(cache.statistics()) === 2);
    const after = await commandCalls(watching);

    expect(after('setrange') - before('setrange')).toBe(1);
    expect([after('get') - before('get'), after('mget') - before('mget')]).toEqual([0, 0]);
  });

  it('does not come back once it was expired, or deleted, elsewhere', async () => {
    const clock = new ManualClock();
    const client = opened.client(server.url);
    const prefix = `test-${Math.floor(performance.timeOrigin)}-gone`;
    const one = processOn(client, prefix, clock);
    const other = processOn(opened.client(server.url), prefix, clock);
    for (const key of ['expired', 'deleted']) {
      await one.get(key, () => 'value');
      await other.get(key);
    }
    await clock.advance(30_000);
    // At the same moment: whichever the server takes first, the end is the same.
    const ends = [other.expire('expired'), other.delete('deleted')];
    for (const key of ['expired', 'deleted']) one.peek(key);
    await Promise.all(ends);
    await until('the extensions are answered', () => {
      const { slides } = one.statistics();
      return slides.extended + slides.refused === 2;
    });
    const fresh = processOn(client, prefix, clock);

    expect([await fresh.get('expired'), await fresh.get('deleted')]).toEqual([undefined, undefined]);
    expect(await client.exists(`${prefix}/shop:v:{deleted}`)).toBe(0);
  });
});

describeWithRedisCluster('a life that slides in a Cluster', (cluster) => {
  it('is lengthened in whatever slot it lies', async () => {
    const clock = new ManualClock();
    const client = new Cluster([...cluster.addresses]);
    client.on('error', () => undefined);
    opened.keep({ [Symbol.asyncDispose]: async () => client.disconnect() });
    const cache = processOn(client, `test-${Math.floor(performance.timeOrigin)}-cluster`, clock);
    const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`);
    for (const key of keys) await cache.get(key, () => 'value');
    await clock.advance(30_000);
    expect((await cache.getMany(keys)).size).toBe(20);
    await until('all are lengthened', () => extended(cache.statistics()) === 20);

    await clock.advance(50_000);
    for (const key of keys) expect(cache.peek(key)).toBe('value');
  });
});
