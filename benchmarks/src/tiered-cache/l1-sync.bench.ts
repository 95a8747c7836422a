// What does a synchronous read of an entry in memory cost, with 10,000 entries read by Zipf's law?
import { createCache } from '@holdfast/tiered-cache';
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
    const holdfast = scope.use(
      createCache<number>({ namespace: 'benchmark', l1: { maxEntries: entries }, ttlMs }),
    );
    const lru = new LRUCache<string, number>({ max: entries, ttl: ttlMs });
    const cacheable = new CacheableMemory({ ttl: ttlMs, lruSize: entries });
    for (const key of held) {
      await holdfast.set(key, 1);
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
        'TieredCache.peek',
        reading((key) => holdfast.peek(key)),
        { atMost: 3 },
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
