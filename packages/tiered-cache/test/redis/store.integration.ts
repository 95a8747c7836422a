import { randomUUID } from 'node:crypto';
import { systemClock } from '@holdfast/core';
import { describeWithRedis, describeWithRedisCluster } from '@holdfast/test-support';
import { createCache } from '@holdfast/tiered-cache';
import { redis, type RedisClient } from '@holdfast/tiered-cache/redis';
import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';

import { type CacheUnderTest, cacheContract, sharedCacheContract } from '../contract/cache-contract.ts';

const pass = (ms: number): Promise<void> => new Promise((resolve) => void systemClock.schedule(resolve, ms));

/** A cache under a prefix of its own, so that tests share a server. */
const underTest = (clientOrUrl: RedisClient | string): CacheUnderTest => ({
  cache: redis(clientOrUrl, { prefix: `test-${randomUUID()}` }),
  pass,
});

describeWithRedis('redis on one server', (server) => {
  let client: Redis;
  beforeAll(() => {
    client = new Redis(server.url);
  });
  afterAll(() => client.disconnect());

  cacheContract('redis at a URL', () => underTest(server.url));
  cacheContract('redis on a client', () => underTest(client));
  sharedCacheContract('redis, shared', () => underTest(client));

  describe('redis', () => {
    it('lets the server remove what has expired', async () => {
      const prefix = `test-${randomUUID()}`;
      await redis(client, { prefix }).set('key', 1, { ttlMs: 5_000 });
      const lifeMs = await client.pttl(`${prefix}:key`);

      expect(lifeMs).toBeGreaterThan(4_000);
      expect(lifeMs).toBeLessThanOrEqual(5_000);
    });

    it('clears whatever is held with one key, which others notice within a second', async () => {
      const prefix = `test-${randomUUID()}`;
      const one = redis(client, { prefix });
      const other = redis(client, { prefix });
      await one.setMany([['a', 1]]);
      expect(await other.get('a')).toBe(1);
      const before = await commandCalls(client);

      await one.clear();

      const after = await commandCalls(client);
      expect(after('set') - before('set')).toBe(1);
      expect(after('keys') + after('scan') + after('del') + after('unlink')).toBe(
        before('keys') + before('scan') + before('del') + before('unlink'),
      );
      await pass(1_000);
      expect(await other.get('a')).toBeUndefined();
      await other.set('a', 2);
      expect(await one.get('a')).toBe(2);
    });

    it('has only misses after its generation was lost, and none of the old entries ever again', async () => {
      const prefix = `test-${randomUUID()}`;
      await redis(client, { prefix }).set('key', 1);
      await client.del(`${prefix}@generation`);

      const later = redis(client, { prefix });
      expect(await later.get('key')).toBeUndefined();
      await client.del(`${prefix}@generation`);
      expect(await redis(client, { prefix }).get('key')).toBeUndefined();
    });

    it('takes foreign bytes for a miss and counts an error', async () => {
      const prefix = `test-${randomUUID()}`;
      const cache = redis(client, { prefix });
      await client.set(`${prefix}:short`, 'x');
      await client.set(`${prefix}:long`, 'something that somebody else has put here');

      expect(await cache.getMany(['short', 'long'])).toEqual(new Map());
      expect(cache.statistics()).toEqual({ component: 'json-cache', hits: 0, misses: 0, errors: 2 });
    });

    it('rejects when the key holds another type', async () => {
      const prefix = `test-${randomUUID()}`;
      await client.lpush(`${prefix}:key`, 'x');

      await expect(redis(client, { prefix }).get('key')).rejects.toThrow('WRONGTYPE');
    });

    it('needs one round trip for a read, also of many keys, once the generation is known', async () => {
      const cache = redis(client, { prefix: `test-${randomUUID()}` });
      await cache.set('a', 1);
      const before = await commandCalls(client);
      await cache.get('a');
      await cache.getMany(['a', 'b', 'c']);
      const after = await commandCalls(client);

      expect(after('get') - before('get')).toBe(1);
      expect(after('mget') - before('mget')).toBe(1);
    });

    it('joins reads of the same turn into one command, 500 at most', async () => {
      const cache = redis(client, { prefix: `test-${randomUUID()}` });
      await cache.setMany(Array.from({ length: 1_001 }, (_, index) => [`${index}`, index] as const));
      const before = await commandCalls(client);
      const values = await Promise.all(Array.from({ length: 1_001 }, (_, index) => cache.get(`${index}`)));
      const after = await commandCalls(client);

      expect(values).toEqual(Array.from({ length: 1_001 }, (_, index) => index));
      expect([after('mget') - before('mget'), after('get') - before('get')]).toEqual([2, 1]);
    });

    it('listens for errors once per client, and takes the listener off with the last tier', async () => {
      const own = new Redis(server.url);
      const none = own.listenerCount('error');
      const tiers = Array.from({ length: 1_000 }, (_, index) => redis(own, { prefix: `p${index}` }));
      expect(own.listenerCount('error')).toBe(none + 1);

      for (const tier of tiers) {
        await tier[Symbol.asyncDispose]();
        await tier[Symbol.asyncDispose]();
      }

      expect(own.listenerCount('error')).toBe(none);
      expect(await own.ping()).toBe('PONG');
      own.disconnect();
    });

    it('closes the connection that it opened itself', async () => {
      const tier = redis(server.url);
      await tier.get('key');
      const before = await connections(client);
      await tier[Symbol.asyncDispose]();

      await expect.poll(() => connections(client)).toBe(before - 1);
      await expect(tier.get('key')).rejects.toMatchObject({ code: 'ERR_CACHE_DISPOSED' });
    });

    it('rejects at once where nothing listens', async () => {
      const cache = redis('redis://127.0.0.1:1');

      await expect(cache.get('key')).rejects.toThrow(/./);
      await expect(cache.set('key', 1)).rejects.toThrow(/./);
      await cache[Symbol.asyncDispose]();
    });

    it('takes the clients of ioredis by type', () => {
      expectTypeOf<Redis>().toExtend<RedisClient>();
      expectTypeOf<Cluster>().toExtend<RedisClient>();
    });

    it.each([
      [
        () => redis('localhost'),
        "clientOrUrl must be a client, or a URL that starts with 'redis://' or 'rediss://', got '***'",
      ],
      [
        () => redis({} as never),
        'clientOrUrl must be an object with getBuffer(), mgetBuffer(), getrangeBuffer(), set(), unlink(), evalshaBuffer(), evalBuffer(), duplicate(), on(), off(), got an object',
      ],
      [
        () => redis(server.url, { prefix: 'a:b' }),
        "prefix must be made of letters, digits, '.', '_' and '-', got 'a:b'",
      ],
      [() => redis(server.url, { name: '' }), "name must be a string that is not empty, got ''"],
      [
        () => redis(server.url, { clock: {} as never }),
        'clock must be an object with now(), epoch(), schedule(), got an object',
      ],
      [
        () => redis(server.url).bytes('{a}'),
        "namespace must be made of letters, digits, '.', '_' and '-', got '{a}'",
      ],
    ])('refuses bad input %#', (make, message) => {
      expect(make).toThrow(message);
    });
  });

  it('refuses a key that has no form of its own in UTF-8, so that it is not taken for another', async () => {
    const message = 'key must be well-formed Unicode';
    const cache = createCache({ namespace: 'n', ttlMs: 60_000, l1: false, l2: redis(server.url) });
    const alone = redis(server.url);

    await expect(cache.set('a\ud800', 1)).rejects.toThrow(message);
    await expect(cache.get('a\ud801')).rejects.toThrow(message);
    await expect(cache.getMany(['a\ud801'])).rejects.toThrow(message);
    await expect(alone.set('a\ud800', 1)).rejects.toThrow(message);
    await expect(alone.getMany(['a\ud801'])).rejects.toThrow(message);
    await expect(alone.setMany([['a\ud801', 1]])).rejects.toThrow(message);
    await expect(alone.deleteMany(['a\ud801'])).rejects.toThrow(message);
    await Promise.all([cache[Symbol.asyncDispose](), alone[Symbol.asyncDispose]()]);
  });
});

describeWithRedisCluster('redis on a cluster', (cluster) => {
  let client: Cluster;
  beforeAll(() => {
    client = new Cluster([...cluster.addresses]);
  });
  afterAll(() => client.disconnect());

  cacheContract('redis on a cluster client', () => underTest(client));
  sharedCacheContract('redis on a cluster, shared', () => underTest(client));
});

/** How often the server has run each command. */
async function commandCalls(client: Redis): Promise<(command: string) => number> {
  const info = await client.info('commandstats');
  return (command) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(info)?.[1] ?? 0);
}

async function connections(client: Redis): Promise<number> {
  return ((await client.client('LIST')) as string).trim().split('\n').length;
}
