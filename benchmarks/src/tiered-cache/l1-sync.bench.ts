// What does a synchronous read of an entry in memory cost, with ttl, coherence and tags, and 10,000 entries read by Zipf's law?
import { createCache } from '@holdfast/tiered-cache';
import { redis } from '@holdfast/tiered-cache/redis';
import { startRedis } from '@holdfast/test-support';
import { CacheableMemory } from 'cacheable';
import { LRUCache } from 'lru-cache';

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
    const { url } = scope.use(await startRedis());
    const l1 = { maxEntries: entries };
    const alone = scope.use(createCache<number>({ namespace: 'alone', l1, ttlMs }));
    // The event loop has no time to read the log while a case has its turn.
    const coherent = scope.use(
      createCache<number>({ namespace: 'fleet', l1, l2: redis(url), ttlMs, maxStalenessMs: 600_000 }),
    );
    const lru = new LRUCache<string, number>({ max: entries, ttl: ttlMs });
    const cacheable = new CacheableMemory({ ttl: ttlMs, lruSize: entries });
    for (const key of held) {
      await alone.set(key, 1);
      await coherent.set(key, 1, { tags: ['users'] });
      lru.set(key, 1);
      cacheable.set(key, 1);
    }
    const reading = (read: (key: string) => unknown): Case['run'] => {
      const next = walk(keys);
      return () => read(next());
    };
    return [
      baseline(
        'Map.get',
        reading((key) => map.get(key)),
      ),
      ours(
        'TieredCache.peek, ttl, coherent, tagged',
        reading((key) => coherent.peek(key)),
        { atMost: 3 },
      ),
      ours(
        'TieredCache.peek, ttl, alone',
        reading((key) => alone.peek(key)),
      ),
      peer(
        'lru-cache',
        'ttl',
        reading((key) => lru.get(key)),
      ),
      peer(
        'cacheable',
        'CacheableMemory',
        reading((key) => cacheable.get(key)),
      ),
    ];
  },
});
