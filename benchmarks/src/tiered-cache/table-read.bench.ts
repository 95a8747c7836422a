// What does a hit cost in the table behind the memory tier, with 10,000 records read by Zipf's law?
import { LRUCache } from 'lru-cache';

import type { Place } from '../../../packages/tiered-cache/src/memory/eviction/queue.ts';
import type { Placed } from '../../../packages/tiered-cache/src/memory/eviction/record-table.ts';
import { MemoryTable } from '../../../packages/tiered-cache/src/memory/memory-table.ts';
import { baseline, type Case, ours, peer, question } from '../harness/question.ts';
import { walk } from '../harness/walk.ts';
import { zipfKeys } from '../harness/zipf.ts';

const entries = 10_000;
const maxBytes = 1_000_000_000;

class Row implements Placed<Row> {
  readonly value: number = 1;
  used: boolean = false;
  place: Place<Row> | undefined;
}

export default question({
  answer: 1,
  cases: () => {
    const keys = zipfKeys(entries, 2 ** 16);
    const held = Array.from({ length: entries }, (_, index) => `user:${index}`);
    const limits = { maxEntries: entries, maxBytes, sizeOf: () => 8 };
    const map = new Map<string, Row>();
    const s3Fifo = new MemoryTable<Row>({ ...limits, eviction: 's3-fifo' });
    const lru = new MemoryTable<Row>({ ...limits, eviction: 'lru' });
    const bare = new LRUCache<string, Row>({ max: entries, maxSize: maxBytes });
    for (const key of held) {
      map.set(key, new Row());
      s3Fifo.set(key, new Row());
      lru.set(key, new Row());
      bare.set(key, new Row(), { size: 8 });
    }
    const reading = (read: (key: string) => unknown): Case['run'] => {
      const next = walk(keys);
      return () => read(next());
    };
    return [
      baseline(
        'Map.get',
        reading((key) => map.get(key)?.value),
      ),
      ours(
        'memory table, s3-fifo',
        reading((key) => s3Fifo.get(key)?.value),
        { atMost: 1.5 },
      ),
      ours(
        'memory table, lru',
        reading((key) => lru.get(key)?.value),
      ),
      peer(
        'lru-cache',
        'bounded in bytes',
        reading((key) => bare.get(key)?.value),
      ),
    ];
  },
});
