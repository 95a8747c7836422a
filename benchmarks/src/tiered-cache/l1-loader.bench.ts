// What does an awaited read with a loader cost when memory has the entry, with 10,000 entries read by Zipf's law?
import { createCache } from '@holdfast/tiered-cache';
import { createCache as createDedupeCache } from 'async-cache-dedupe';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { createCache as createManagedCache } from 'cache-manager';
import { Cacheable } from 'cacheable';
import { LRUCache } from 'lru-cache';

import { one } from '../harness/operation.ts';
import { baseline, type Case, ours, peer, question } from '../harness/question.ts';
import { walk } from '../harness/walk.ts';
import { zipfKeys } from '../harness/zipf.ts';

const entries = 10_000;
const ttlMs = 3_600_000;

export default question({
  answer: 1,
  cases: async (scope) => {
    const keys = zipfKeys(entries, 2 ** 16);
    const held = Array.from({ length: entries }, (_, index) => `user:${index}`);
    const map = new Map(held.map((key) => [key, 1]));
    const holdfast = scope.use(
      createCache<number>({ namespace: 'benchmark', l1: { maxEntries: entries }, ttlMs }),
    );
    const lru = new LRUCache<string, number>({ max: entries, ttl: ttlMs, fetchMethod: one });
    const dedupe = createDedupeCache({
      ttl: ttlMs / 1_000,
      storage: { type: 'memory', options: { size: entries } },
    }).define('read', async (_key: string) => one());
    const bento = new BentoCache({
      default: 'memory',
      stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: entries, serialize: false })) },
      ttl: ttlMs,
    });
    scope.defer(() => bento.disconnectAll());
    const managed = createManagedCache({ ttl: ttlMs });
    const cacheable = new Cacheable({ ttl: ttlMs });

    const reading = async (read: (key: string) => unknown): Promise<Case['run']> => {
      for (const key of held) await read(key);
      const next = walk(keys);
      return () => read(next());
    };
    return [
      baseline('Map.get, awaited', await reading(async (key) => map.get(key))),
      ours('TieredCache.get', await reading((key) => holdfast.get(key, one)), { atMost: 1.6 }),
      peer('lru-cache', 'fetch, ttl', await reading((key) => lru.fetch(key))),
      peer('async-cache-dedupe', 'memory', await reading((key) => dedupe.read(key))),
      peer('cache-manager', 'wrap', await reading((key) => managed.wrap(key, one))),
      peer(
        'bentocache',
        'getOrSet, not serialised',
        await reading((key) => bento.getOrSet({ key, factory: one })),
      ),
      peer('cacheable', 'getOrSet', await reading((key) => cacheable.getOrSet(key, one))),
    ];
  },
});
