import { LRUCache } from 'lru-cache';

import type { RecordTable, TableBounds } from './record-table.ts';

/**
 * The least recently used record goes first: lru-cache. A record is used when it is read or written. Takes memory for
 * `maxEntries` at once.
 */
export class LruTable<Stored extends object> implements RecordTable<Stored> {
  readonly #maxBytes: number;
  readonly #records: LRUCache<string, Stored>;
  #evictions = 0;

  constructor({ maxEntries, maxBytes }: TableBounds) {
    this.#maxBytes = maxBytes;
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

  get evictions(): number {
    return this.#evictions;
  }

  get(key: string): Stored | undefined {
    return this.#records.get(key);
  }

  peek(key: string): Stored | undefined {
    return this.#records.peek(key);
  }

  set(key: string, record: Stored, bytes: number): boolean {
    const fits = bytes <= this.#maxBytes;
    if (fits) this.#records.set(key, record, { size: bytes });
    else this.#records.delete(key);
    return fits;
  }

  delete(key: string): boolean {
    return this.#records.delete(key);
  }

  clear(): void {
    this.#records.clear();
  }

  /** The last used first. */
  entries(): Iterable<readonly [string, Stored]> {
    return [...this.#records.entries()];
  }
}
