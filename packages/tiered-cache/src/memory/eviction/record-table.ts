/** How much a table holds at most. */
export interface TableBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
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
