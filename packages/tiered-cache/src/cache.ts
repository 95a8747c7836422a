import type { CoherentStore } from './coherence/coherent-store.ts';

/** What a cache offers beyond plain reads and writes. Whoever builds on a cache uses what is there. */
export interface CacheCapabilities {
  /** `ttlMs` is honoured. Without it an entry stays until it is deleted or pushed out. */
  readonly ttl: boolean;
  /** Values can also be had synchronously, by a method `peek(key)`. */
  readonly sync: boolean;
  /** A write can be made conditional on what is held. */
  readonly compareAndSet: boolean;
  /** Invalidations are kept in an ordered log that others can replay. */
  readonly log: boolean;
  /** Entries can be invalidated by tag. */
  readonly tags: boolean;
}

/** How one write differs from the cache's habit. */
export interface SetOptions {
  /**
   * Life of the entry in milliseconds, at least 0. 0 stores nothing and drops what was held; `Infinity` never expires,
   * and so does an entry without it.
   */
  readonly ttlMs?: number | undefined;
}

/**
 * A cache of values by key. Structural: nobody has to import it to implement it.
 *
 * `null` is a value. `undefined` is none: reading it means that nothing is held, and setting it is refused.
 * Methods of one that keeps its values elsewhere reject when that place fails.
 */
export interface ICache<V = unknown> {
  readonly capabilities: CacheCapabilities;
  get(key: string): Promise<V | undefined>;
  /** Holds the keys that were found, in no particular order. */
  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, V>>;
  set(key: string, value: V, options?: SetOptions): Promise<void>;
  /** Writes all entries with the same options; not atomic. */
  setMany(entries: Iterable<readonly [string, V]>, options?: SetOptions): Promise<void>;
  /** Tells whether the key was held. */
  delete(key: string): Promise<boolean>;
  /** Tells how many of the keys were held. */
  deleteMany(keys: readonly string[]): Promise<number>;
  /** Drops every entry that was there when it was called. */
  clear(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A cache that several owners can share. A tier that cannot be shared is cleared as a whole. */
export interface SharedCache<V = unknown> extends ICache<V> {
  /**
   * The part called `namespace`, as a cache of plain bytes. What somebody else has put there is given out as it is.
   * It shares the connection and nothing else; disposing it leaves the rest open.
   *
   * @param namespace - Letters, digits, `.`, `_` and `-`.
   */
  bytes(namespace: string): ICache<Uint8Array>;
  /**
   * The part called `namespace`, as a store that a fleet of caches agrees through. Absent where there can be none.
   * It shares the connection; disposing it ends what it opened for itself.
   */
  coherent?(namespace: string): CoherentStore;
}
