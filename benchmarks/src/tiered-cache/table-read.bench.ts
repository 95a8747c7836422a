// What does a hit cost in the table behind the memory tier, with 10,000 records read by Zipf's law?
import { LRUCache } from 'lru-cache';

import { MemoryTable } from '../../../packages/tiered-cache/src/memory/memory-table.ts';
import { baseline, type Case, ours, peer, question } from '../harness/question.ts';
import { walk } from '../harness/walk.ts';
import { zipfKeys } from '../harness/zipf.ts';

const entries = 10_000;
const maxBytes = 1_000_000_000;

interface Row {
  readonly value: number;
}

export default question({
  answer: { value: 1 },
  cases: () => {
    const keys = zipfKeys(entries, 2 ** 16);
    const held = Array.from({ length: entries }, (_, index) => `user:${index}`);
    const limits = { maxEntries: entries, maxBytes, sizeOf: () => 8 };
    const map = new Map<string, Row>();
    const s3Fifo = new MemoryTable<Row>({ ...limits, eviction: 's3-fifo' });
    const lru = new MemoryTable<Row>({ ...limits, eviction: 'lru' });
    const bare = new LRUCache<string, Row>({ max: entries, maxSize: maxBytes });
    for (const key of held) {
      map.set(key, { value: 1 });
      s3Fifo.set(key, { value: 1 });
      lru.set(key, { value: 1 });
      bare.set(key, { value: 1 }, { size: 8 });
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
        'memory table, s3-fifo',
        reading((key) => s3Fifo.get(key)),
        { atMost: 1.5 },
      ),
      ours(
        'memory table, lru',
        reading((key) => lru.get(key)),
      ),
      peer(
        'lru-cache',
        'bounded in bytes',
        reading((key) => bare.get(key)),
      ),
    ];
  },
});
