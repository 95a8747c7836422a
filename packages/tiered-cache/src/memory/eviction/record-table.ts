import type { Place } from './queue.ts';

/** How much a table holds at most. */
export interface TableBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/**
 * What a table notes on a record itself, so that a hit touches one object: with ten thousand of them, each further one is a
 * wait for memory that takes as long as the rest of the hit. Written by the table alone.
 */
export interface Placed<Stored> {
  /** Whether it was used since it was last its turn to go. */
  used: boolean;
  /** Where it stands, while a table holds it. */
  place: Place<Stored> | undefined;
}

/**
 * Records by key in bounded room, and the policy that says which of them goes for another one. Knows nothing of time.
 *
 * Invariants, after every call:
 * - `size <= maxEntries` and `bytes <= maxBytes`;
 * - a key has the record that was set last, or none.
 */
export interface RecordTable<Stored> {
  readonly size: number;
  /** As told at {@link set}, added up. */
  readonly bytes: number;
  /** Records pushed out for others. Only grows. */
  readonly evictions: number;
  /** The record of `key`. Counts as a use of it. */
  get(key: string): Stored | undefined;
  /** As {@link get}, but counts as no use. */
  peek(key: string): Stored | undefined;
  /**
   * Keeps a record, and pushes out as many others as it takes. One that needs more than `maxBytes` alone, or an unknown
   * number of bytes, is not kept; neither is then what it replaces.
   *
   * @returns whether it was kept.
   */
  set(key: string, record: Stored, bytes: number): boolean;
  /** @returns whether there was something. */
  delete(key: string): boolean;
  clear(): void;
  /**
   * All there is, the hottest first as far as the policy knows. To fill a table so that it treats them alike, set them
   * in the opposite order.
   */
  entries(): Iterable<readonly [string, Stored]>;
}
