// What does a read cost that memory misses and Redis answers, for 64 KB of JSON and 20 callers at once?
import { createCache } from '@holdfast/tiered-cache';
import { redis } from '@holdfast/tiered-cache/redis';
import { startRedis } from '@holdfast/test-support';
import { createCache as createDedupeCache } from 'async-cache-dedupe';
import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';

import { baseline, type Case, ours, peer, question, reference } from '../harness/question.ts';

const callers = 20;
const ttlMs = 3_600_000;
const patienceMs = 30_000;

interface User {
  readonly id: string;
  readonly visits: readonly { readonly at: string; readonly page: string; readonly ms: number }[];
}

const keys = Array.from({ length: callers }, (_, index) => `user:${index}`);
const visits = Array.from({ length: 800 }, (_, index) => ({
  at: new Date(1_700_000_000_000 + 60_000 * index).toISOString(),
  page: `/articles/${index * 7_919}`,
  ms: index * 3,
}));
const userOf = (id: string): User => ({ id, visits });
const load = (): Promise<never> => Promise.reject(new Error('the entry was not found on Redis'));

/** How many of the entries came. */
async function found(read: (key: string) => Promise<User | undefined>): Promise<number> {
  const users = await Promise.all(keys.map(read));
  return users.filter((user, index) => user?.id === keys[index]).length;
}

export default question({
  clock: 'wall',
  answer: callers,
  callsPerRun: callers,
  cases: async (scope) => {
    const { url } = scope.use(await startRedis());
    const connect = (options: { readonly enableAutoPipelining?: boolean } = {}): Redis => {
      const client = new Redis(url, options);
      scope.defer(() => client.disconnect());
      return client;
    };
    const [bare, pipelining] = [connect(), connect({ enableAutoPipelining: true })];
    const holdfast = scope.use(
      createCache<User>({
        namespace: 'ours',
        l1: false,
        l2: redis(connect()),
        ttlMs,
        tierTimeoutMs: patienceMs,
      }),
    );
    const dedupe = createDedupeCache({
      ttl: ttlMs / 1_000,
      storage: { type: 'redis', options: { client: connect() } },
    }).define('read', async (key: string) => userOf(key));
    const bento = new BentoCache({
      default: 'redis',
      stores: { redis: bentostore().useL2Layer(redisDriver({ connection: connect() })) },
      ttl: ttlMs,
    });
    for (const key of keys) {
      await bare.set(key, JSON.stringify(userOf(key)));
      await holdfast.set(key, userOf(key));
      await dedupe.read(key);
      await bento.set({ key, value: userOf(key) });
    }
    const parsed =
      (client: Redis): Case['run'] =>
      () =>
        found(async (key) => JSON.parse((await client.get(key)) ?? 'null') as User);
    return [
      baseline('GET and JSON.parse', parsed(bare)),
      reference('GET and JSON.parse, auto-pipelining', parsed(pipelining)),
      ours('TieredCache.get, no memory tier', () => found((key) => holdfast.get(key, load)), { atMost: 1 }),
      peer('async-cache-dedupe', 'redis', () => found((key) => dedupe.read(key))),
      peer('bentocache', 'get', () => found((key) => bento.get({ key }))),
    ];
  },
});
