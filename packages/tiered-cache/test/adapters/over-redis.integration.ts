import { describeWithRedis, describeWithRedisCluster, OwnTime } from '@holdfast/test-support';
import { bentocacheDriver, fromBentocacheDriver } from '@holdfast/tiered-cache/bentocache';
import { KeyvAdapter } from '@holdfast/tiered-cache/keyv';
import { redis } from '@holdfast/tiered-cache/redis';
import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { createCache } from 'cache-manager';
import { Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { Keyv5 } from './keyv-5.ts';

/** What answers that wait for no server may take of this process, in milliseconds. Others have taken over 25,000. */
const atOnceMs = 100;

describeWithRedis(
  'other caches over redis()',
  (server) => {
    afterEach(() => server.start());

    it('answer at once while Redis is down, and use it again when it is back', async () => {
      const manager = createCache({
        stores: [new Keyv5({ store: new KeyvAdapter(redis(server.url, { prefix: 'manager' })) })],
      });
      const bento = new BentoCache({
        default: 'main',
        stores: {
          main: bentostore({ suppressL2Errors: true }).useL2Layer(
            bentocacheDriver(redis(server.url, { prefix: 'bento' })),
          ),
        },
      });
      await server.stop();

      using time = new OwnTime();
      expect(await manager.get('key')).toBeUndefined();
      expect(await manager.wrap('key', () => 'loaded', 60_000)).toBe('loaded');
      expect(await bento.getOrSet({ key: 'key', factory: () => 'loaded' })).toBe('loaded');
      expect(time.ms).toBeLessThan(atOnceMs);

      await server.start();
      await expect
        .poll(async () => (await manager.set('key', 1), manager.get('key')), { timeout: 10_000 })
        .toBe(1);
      await expect
        .poll(async () => (await bento.set({ key: 'key', value: 1 }), bento.get({ key: 'key' })), {
          timeout: 10_000,
        })
        .toBe(1);
      await manager.disconnect();
      await bento.disconnect();
    });
  },
  { controllable: true },
);

describeWithRedis('adapters on one client', (server) => {
  it('put one listener on it, however many they are', async () => {
    const client = new Redis(server.url);
    const before = client.listenerCount('error');
    const keyvs = Array.from({ length: 50 }, (_, index) => {
      return new Keyv5({ store: new KeyvAdapter(redis(client)), namespace: `part ${index}` });
    });
    await Promise.all(keyvs.map((keyv) => keyv.set('key', 1)));

    expect(client.listenerCount('error') - before).toBeLessThanOrEqual(1);
    await Promise.all(keyvs.map((keyv) => keyv.disconnect()));
    expect(client.listenerCount('error')).toBe(before);
    client.disconnect();
  });
});

describeWithRedisCluster('adapters on a cluster', (cluster) => {
  let client: Cluster;
  beforeAll(() => {
    client = new Cluster([...cluster.addresses]);
  });
  afterAll(() => client.disconnect());

  const keys = Array.from({ length: 60 }, (_, index) => `key ${index}`);

  it('clear every node from bentocache, and delete many keys of different slots', async () => {
    const driver = bentocacheDriver(redis(client, { prefix: 'layer' })).factory({ prefix: 'bento' });
    for (const key of keys) await driver.set(key, '1');
    expect(await driver.deleteMany(keys.slice(0, 20))).toBe(true);
    const held = await Promise.all(keys.map((key) => driver.get(key)));
    expect(held.filter((value) => value !== undefined)).toHaveLength(40);

    await driver.clear();

    const left = await Promise.all(keys.map((key) => driver.get(key)));
    expect(left.filter((value) => value !== undefined)).toEqual([]);
  });

  it('clear every node through a Redis driver of bentocache, which by itself clears none', async () => {
    const cache = fromBentocacheDriver(redisDriver({ connection: client }));
    await cache.setMany(keys.map((key) => [key, 1]));
    expect((await cache.getMany(keys)).size).toBe(keys.length);

    await cache.clear();

    expect(await cache.getMany(keys)).toEqual(new Map());
  });
});
