import { LruTable } from './eviction/lru-table.ts';
import type { Placed, RecordTable } from './eviction/record-table.ts';
import { S3FifoTable } from './eviction/s3-fifo-table.ts';
import { entryBytes, estimateBytes } from './size.ts';

/** Which records go when there is no room: docs/decisions/0013-eviction-of-the-memory-tier.md. */
export type Eviction = 's3-fifo' | 'lru';

export interface TableLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Bytes of a value. */
  readonly sizeOf: ((value: unknown) => number) | undefined;
  readonly eviction: Eviction;
}

interface Tabled<Stored> extends Placed<Stored> {
  readonly value: unknown;
}

/**
 * Records by key, bounded in number and bytes. Knows nothing of time.
 *
 * Invariant: `size <= maxEntries` and `bytes <= maxBytes`. A record larger than `maxBytes` alone is not kept.
 */
export class MemoryTable<Stored extends Tabled<Stored>> {
  readonly maxEntries: number;
  readonly #records: RecordTable<Stored>;
  readonly #sizeOf: (value: unknown) => number;

  /**
   * @param isSpent - Whether a record is of no use any more. Such ones go first where the policy comes by them; they are
   * held until then.
   */
  constructor(limits: TableLimits, isSpent: (record: Stored) => boolean = neverSpent) {
    this.maxEntries = limits.maxEntries;
    this.#sizeOf = limits.sizeOf ?? estimateBytes;
    this.#records = limits.eviction === 'lru' ? new LruTable(limits) : new S3FifoTable(limits, isSpent);
  }

  get size(): number {
    return this.#records.size;
  }

  get bytes(): number {
    return this.#records.bytes;
  }

  /** Records pushed out for others. */
  get evictions(): number {
    return this.#records.evictions;
  }

  /** Counts as a use of the record. */
  get(key: string): Stored | undefined {
    return this.#records.get(key);
  }

  /** As {@link get}, but counts as no use. */
  peek(key: string): Stored | undefined {
    return this.#records.peek(key);
  }

  /** @returns whether it was kept. If not, neither is what it was to replace. */
  set(key: string, record: Stored): boolean {
    return this.#records.set(key, record, this.#bytesOf(key, record));
  }

  delete(key: string): boolean {
    return this.#records.delete(key);
  }

  clear(): void {
    this.#records.clear();
  }

  /** All there is, the hottest first as far as the policy knows. To warm a table, set them in the opposite order. */
  entries(): Iterable<readonly [string, Stored]> {
    return this.#records.entries();
  }

  /** `NaN`, which fits nowhere, where measuring throws: a value that cannot be kept can still be given out. */
  #bytesOf(key: string, { value }: Stored): number {
    try {
      return entryBytes(key, this.#sizeOf(value));
    } catch {
      return Number.NaN;
    }
  }
}

function neverSpent(): boolean {
  return false;
}
