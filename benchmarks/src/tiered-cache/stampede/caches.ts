import { createCache } from '@holdfast/tiered-cache';
import { redis } from '@holdfast/tiered-cache/redis';
import { createCache as createDedupeCache } from 'async-cache-dedupe';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { Cacheable, type CacheableOptions } from 'cacheable';
import { Redis } from 'ioredis';

/** What is asked for a key, with the value that the loader brings if there is none. */
export type Read = (key: string) => Promise<unknown>;

const ttlMs = 3_600_000;

/** Each library as its documentation puts it before a Redis: memory and Redis, or Redis alone where it has no more. */
export const libraries: Readonly<Record<string, (url: string, load: () => Promise<string>) => Read>> = {
  '@holdfast/tiered-cache': (url, load) => {
    const cache = createCache({ namespace: 'ours', l2: redis(url), ttlMs });
    return (key) => cache.get(key, load);
  },
  bentocache: (url, load) => {
    const connection = new Redis(url);
    const store = bentostore()
      .useL1Layer(memoryDriver({}))
      .useL2Layer(redisDriver({ connection }))
      .useBus(
        redisBusDriver({ connection: { host: new URL(url).hostname, port: Number(new URL(url).port) } }),
      );
    const cache = new BentoCache({ default: 'tiers', stores: { tiers: store }, ttl: ttlMs });
    return (key) => cache.getOrSet({ key, factory: load });
  },
  'async-cache-dedupe': (url, load) => {
    const cache = createDedupeCache({
      ttl: ttlMs / 1_000,
      storage: { type: 'redis', options: { client: new Redis(url) } },
    }).define('read', load);
    return (key) => (cache.read as Read)(key);
  },
  cacheable: (url, load) => {
    const cache = new Cacheable({ secondary: keyvStore(new Redis(url)), ttl: ttlMs });
    return (key) => cache.getOrSet(key, load);
  },
};

/** The part of a Keyv store that a cache needs, on the client that the others have. */
function keyvStore(client: Redis): NonNullable<CacheableOptions['secondary']> {
  const store = {
    opts: {},
    namespace: undefined,
    get: async (key: string) => (await client.get(key)) ?? undefined,
    set: async (key: string, value: string, ttl?: number) =>
      ttl === undefined ? client.set(key, value) : client.set(key, value, 'PX', ttl),
    delete: async (key: string) => (await client.del(key)) === 1,
    clear: async () => void (await client.flushdb()),
    on: () => store,
  };
  return store as unknown as NonNullable<CacheableOptions['secondary']>;
}
