import { LRUCache } from 'lru-cache';

import { entryBytes, estimateBytes } from './size.ts';

export interface TableLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Bytes of a value. */
  readonly sizeOf: ((value: unknown) => number) | undefined;
}

/**
 * Records by key, bounded in number and bytes; the least recently read goes first. Knows nothing of time.
 *
 * Invariant: `size <= maxEntries` and `bytes <= maxBytes`. A record larger than `maxBytes` alone is not kept.
 */
export class MemoryTable<R extends { readonly value: unknown }> {
  readonly maxEntries: number;
  readonly #records: LRUCache<string, R>;
  readonly #sizeOf: (value: unknown) => number;
  #evictions = 0;

  constructor({ maxEntries, maxBytes, sizeOf = estimateBytes }: TableLimits) {
    this.maxEntries = maxEntries;
    this.#sizeOf = sizeOf;
    this.#records = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      dispose: (_record, _key, reason) => {
        if (reason === 'evict') this.#evictions += 1;
      },
    });
  }

  get size(): number {
    return this.#records.size;
  }

  get bytes(): number {
    return this.#records.calculatedSize;
  }

  /** Records pushed out for others. */
  get evictions(): number {
    return this.#evictions;
  }

  get(key: string): R | undefined {
    return this.#records.get(key);
  }

  set(key: string, record: R): void {
    this.#records.set(key, record, { size: entryBytes(key, this.#sizeOf(record.value)) });
  }

  delete(key: string): boolean {
    return this.#records.delete(key);
  }

  clear(): void {
    this.#records.clear();
  }
}
