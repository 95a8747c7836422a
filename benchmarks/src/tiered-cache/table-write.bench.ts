// What does it cost to write a new record into a full table behind the memory tier, where 10,000 fit?
import { LRUCache } from 'lru-cache';

import type { Place } from '../../../packages/tiered-cache/src/memory/eviction/queue.ts';
import type { Placed } from '../../../packages/tiered-cache/src/memory/eviction/record-table.ts';
import { MemoryTable } from '../../../packages/tiered-cache/src/memory/memory-table.ts';
import { baseline, type Case, ours, peer, question } from '../harness/question.ts';
import { walk } from '../harness/walk.ts';

const entries = 10_000;
const maxBytes = 1_000_000_000;
/** So many that a key is forgotten long before it comes again. */
const distinct = 2 ** 17;

class Row implements Placed<Row> {
  readonly value: number = 1;
  used: boolean = false;
  place: Place<Row> | undefined;
}

export default question({
  answer: 1,
  cases: () => {
    const keys = Array.from({ length: distinct }, (_, index) => `user:${index}`);
    const limits = { maxEntries: entries, maxBytes, sizeOf: () => 8 };
    const map = new Map<string, Row>();
    const s3Fifo = new MemoryTable<Row>({ ...limits, eviction: 's3-fifo' });
    const lru = new MemoryTable<Row>({ ...limits, eviction: 'lru' });
    const bare = new LRUCache<string, Row>({ max: entries, maxSize: maxBytes });
    const writing = (write: (key: string, row: Row) => unknown): Case['run'] => {
      const next = walk(keys);
      const run = (): number => {
        write(next(), new Row());
        return 1;
      };
      for (let count = 0; count < 2 * entries; count += 1) run();
      return run;
    };
    const oldest = walk([...keys.slice(-entries), ...keys.slice(0, -entries)]);
    return [
      baseline(
        'Map.set, and Map.delete of the oldest',
        writing((key, row) => {
          map.delete(oldest());
          map.set(key, row);
        }),
      ),
      ours(
        'memory table, s3-fifo',
        writing((key, row) => s3Fifo.set(key, row)),
      ),
      ours(
        'memory table, lru',
        writing((key, row) => lru.set(key, row)),
      ),
      peer(
        'lru-cache',
        'bounded in bytes',
        writing((key, row) => bare.set(key, row, { size: 8 })),
      ),
    ];
  },
});
