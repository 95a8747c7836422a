import { LRUCache } from 'lru-cache';

import { S3FifoTable } from '../../../../packages/tiered-cache/src/memory/eviction/s3-fifo-table.ts';
import { peerLabel } from '../../harness/result.ts';
import { PublishedS3Fifo } from './published-s3-fifo.ts';
import type { AskClock, Held, Store } from './replay.ts';
import { Sieve } from './sieve.ts';
import { WTinyLfu } from './w-tiny-lfu.ts';

export interface Bounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export interface Policy {
  readonly label: string;
  /** Ours, as it is in the product. */
  readonly ours?: true;
  /** Whether it takes part only where entries are counted: it knows no sizes. */
  readonly countsOnly?: true;
  readonly make: (bounds: Bounds, clock: AskClock) => Store;
}

/** What the others are compared with. The other caches among our peers evict by LRU as well, or not at all. */
export const lru: Policy = { label: peerLabel('lru-cache', ''), make: (bounds) => new Lru(bounds) };

/** The ones that count only are written for this comparison, without what a product needs. */
export const policies: readonly Policy[] = [
  lru,
  {
    label: 'MemoryCache, s3-fifo',
    ours: true,
    make: (bounds, clock) => new S3FifoTable<Held>(bounds, ({ diesAt }) => diesAt <= clock.now),
  },
  {
    label: 'S3-FIFO as published',
    countsOnly: true,
    make: ({ maxEntries }) => new PublishedS3Fifo(maxEntries),
  },
  { label: 'SIEVE', countsOnly: true, make: ({ maxEntries }) => new Sieve(maxEntries) },
  { label: 'W-TinyLFU', countsOnly: true, make: ({ maxEntries }) => new WTinyLfu(maxEntries) },
];

/** lru-cache, bounded as ours is. */
class Lru implements Store {
  readonly #cache: LRUCache<string, Held>;

  constructor({ maxEntries, maxBytes }: Bounds) {
    this.#cache = new LRUCache({ max: maxEntries, maxSize: maxBytes });
  }

  get(key: string): Held | undefined {
    return this.#cache.get(key);
  }

  set(key: string, held: Held, bytes: number): void {
    this.#cache.set(key, held, { size: bytes });
  }

  delete(key: string): void {
    this.#cache.delete(key);
  }
}
