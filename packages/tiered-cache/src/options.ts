import type { Clock, ExecuteOptions, Policy } from '@holdfast/core';

import type { ICache } from './cache.ts';
import type { Position } from './coherence/position.ts';
import type { MemoryLimits } from './memory/memory-cache.ts';
import type { CopyMode } from './values/copies.ts';
import type { ValueOptions } from './values/options.ts';

/** The tier in this process. */
export interface MemoryTierOptions extends MemoryLimits {
  /**
   * Longest time in milliseconds that this tier answers by itself before it asks the tiers below again: how long this
   * process may miss what another one wrote. Never lengthens a life. Defaults to no limit of its own.
   */
  readonly ttlMs?: number | undefined;
}

/** A tier outside this process, with terms of its own. */
export interface LowerTierOptions {
  /** Belongs to the cache, which disposes it with itself. */
  readonly cache: ICache;
  /** Longest life of an entry in this tier, in milliseconds, stale times included. Defaults to no limit of its own. */
  readonly ttlMs?: number | undefined;
  /** Longest wait for one operation, in milliseconds. Defaults to the cache's `tierTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /**
   * Decides whether the tier is asked; a circuit breaker fits. Defaults to a guard that leaves the tier alone for 1 s
   * after 3 failures in a row, and then tries one operation at a time.
   */
  readonly guard?: Policy | undefined;
}

/** Times of one entry, where they differ from the cache's. */
export interface EntryTimes {
  /** Life in milliseconds. 0 is not kept, unless a stale time is given; `Infinity` never expires. */
  readonly ttlMs?: number | undefined;
  /**
   * Ends the life earlier once nobody has asked for so long, in milliseconds, at least 1. Each hit lengthens it to so much
   * from then on, and never beyond `ttlMs`. `Infinity` for no such end.
   *
   * Hits in the first quarter of that time change nothing, so that a hit is a write in lower tiers at most once a quarter:
   * what nobody asks for ends after three quarters at the earliest.
   */
  readonly slidingMs?: number | undefined;
  /** How long after its life the value may be given out while a refresh runs, in milliseconds. */
  readonly staleWhileRevalidateMs?: number | undefined;
  /** How long after its life the value may be given out when a load fails, in milliseconds. */
  readonly staleIfErrorMs?: number | undefined;
}

/** What one entry is stored with. */
export interface EntryOptions extends EntryTimes {
  /** What the entry can be invalidated by, besides its key: at most 128 texts of at most 1,024 bytes. */
  readonly tags?: readonly string[] | undefined;
}

/**
 * What one `get` asks for. Times and tags apply to what its loader brings. Of an entry found, a stale time given here only
 * shortens the one that it was stored with.
 */
export interface GetOptions extends EntryOptions, Pick<ExecuteOptions, 'signal' | 'deadlineMs'> {
  /** Nothing older than a write that gave this `position`, wherever that write was made. */
  readonly after?: Position | undefined;
}

/** How one write differs from the cache's habit. */
export interface WriteOptions {
  /** Rejects if a tier does not take it, where it would otherwise be queued. Defaults to the cache's `strict`. */
  readonly strict?: boolean | undefined;
  /**
   * Version of what is written, at least 0. What has a newer version, or was deleted with one, is not replaced; of two
   * writes with versions the newer wins in whichever order they arrive. The tier with a log decides that: without one a version
   * is kept and shown, and refuses nothing.
   */
  readonly version?: number | undefined;
}

export interface StoreOptions extends EntryOptions, WriteOptions {}

/** Told of every key that is looked up, hits included; it has to be quick. */
export interface ReadRecorder {
  record(key: string): void;
}

/** When a fresh entry is refreshed in the background, so that nobody waits when it expires. */
export type EarlyRefreshOptions =
  /** By the first read after this share of its life, which for a sliding entry is the longest it can have. */
  | { readonly atRatio: number }
  /** By chance, the closer to the expiry and the slower the load the likelier; 1 is the usual factor. */
  | { readonly beta: number };

export interface TieredCacheOptions extends EntryTimes, ValueOptions {
  /** Keeps this cache's keys apart in shared tiers: letters, digits, `.`, `_` and `-`. */
  readonly namespace: string;
  /** Shown in errors, events and statistics. Defaults to the namespace. */
  readonly name?: string | undefined;
  /** The tier in memory; `false` for none. Defaults to one with default limits. */
  readonly l1?: MemoryTierOptions | false | undefined;
  /** A shared tier, such as `redis(url)`. Belongs to the cache, which disposes it with itself. Defaults to none. */
  readonly l2?: ICache | LowerTierOptions | undefined;
  /** A durable tier, such as `sqlite(file)`. Like `l2`, and asked after it. Defaults to none. */
  readonly l3?: ICache | LowerTierOptions | undefined;
  /** Life of an entry in milliseconds, at least 0; `Infinity` never expires. */
  readonly ttlMs: number;
  /**
   * Ends the life earlier once nobody has asked for so long, in milliseconds, at least 1; see {@link EntryTimes.slidingMs}.
   * `ttlMs` stays the longest life. Defaults to `Infinity`: only `ttlMs` ends it.
   */
  readonly slidingMs?: number | undefined;
  /** Added to the life. Defaults to 0: a stale value is not given out while a refresh runs. */
  readonly staleWhileRevalidateMs?: number | undefined;
  /** Added to the life. Defaults to 0: a failed load rejects. */
  readonly staleIfErrorMs?: number | undefined;
  /** Life of `null`, in milliseconds. Defaults to that of any value. */
  readonly negativeTtlMs?: number | undefined;
  /** Each life is shortened by a random share of up to this much, so that entries do not expire together. Defaults to 0. */
  readonly jitterRatio?: number | undefined;
  /** Defaults to none: an entry is refreshed when it has expired. */
  readonly earlyRefresh?: EarlyRefreshOptions | undefined;
  /** After a failed load that a stale value stood in for: no further load of the key for so long. Defaults to 1,000. */
  readonly loadRetryMs?: number | undefined;
  /** Longest wait for one operation on `l2` or `l3`, in milliseconds. Defaults to 250. */
  readonly tierTimeoutMs?: number | undefined;
  /** As `tierTimeoutMs`, while a stale value could be given out instead. Defaults to 50. */
  readonly tierSoftTimeoutMs?: number | undefined;
  /**
   * How long memory may not know what another process has invalidated, in milliseconds, at least 100. Defaults to 2,000.
   * Applies where a tier has a log that all processes share.
   */
  readonly maxStalenessMs?: number | undefined;
  /**
   * What becomes of entries in memory while that log cannot be read for longer than `maxStalenessMs`. `'load'`: they are not
   * used. `'serve'`: they are given out if the shared tier cannot be asked either. Defaults to `'load'`.
   */
  readonly unverified?: 'load' | 'serve' | undefined;
  /** How long a process may be silent while it loads a key before another may load it too, in milliseconds. Defaults to 5,000. */
  readonly leaseMs?: number | undefined;
  /** Longest wait for another process's load, in milliseconds; then the key is loaded and not stored. Defaults to 10,000. */
  readonly leaseWaitMs?: number | undefined;
  /**
   * For so long after a deletion loads of the key are not stored, in milliseconds: as far as what loaders read may lag behind
   * what the application has written. Defaults to 0.
   */
  readonly settleMs?: number | undefined;
  /** Whether writes reject if a tier does not take them, where they would otherwise be queued. Defaults to `false`. */
  readonly strict?: boolean | undefined;
  /**
   * What whoever holds a value may do to it. `'shared'`: memory keeps and gives out the same object. `'frozen'`: it is frozen
   * when it is kept. `'cloned'`: each answer is a copy. Defaults to `'shared'`.
   */
  readonly copies?: CopyMode | undefined;
  /** Told of every key that is looked up. Defaults to nobody. */
  readonly reads?: ReadRecorder | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
  /** Gives numbers from 0 to under 1. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;
}
