import {
  atLeast,
  callable,
  type Clock,
  duration,
  type ExecuteOptions,
  methods,
  oneOf,
  type OperationContext,
  type Policy,
  ratio,
  systemClock,
  text,
} from '@holdfast/core';

import type { ICache } from './cache.ts';
import type { Position } from './coherence/position.ts';
import { identifier, idleTime, lifetime } from './checks.ts';
import type { Terms } from './entry/entry.ts';
import type { LowerTierLevel } from './events.ts';
import { type MemoryLimits, resolveLimits } from './memory/memory-cache.ts';
import type { TableLimits } from './memory/memory-table.ts';
import type { TierSetup } from './tiers/tier-setup.ts';
import { TierGuard } from './tiers/tier-guard.ts';
import { type CopyMode, guardValue, type ValueGuard } from './values/copies.ts';
import { resolveValueFormat, type ValueOptions } from './values/options.ts';
import type { ValueFormat } from './values/value-format.ts';

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
   * writes with versions the newer wins in whichever order they arrive.
   */
  readonly version?: number | undefined;
}

export interface StoreOptions extends EntryOptions, WriteOptions {}

/** What a loader is told, and what it may say. Its signal aborts when nobody waits for the value any longer. */
export interface LoadContext extends OperationContext {
  readonly key: string;
  /**
   * `'miss'`: nothing is held. `'stale'`: what is held is too old to be given out. `'refresh'`: it runs in the
   * background, and the value held is given out meanwhile.
   */
  readonly reason: 'miss' | 'stale' | 'refresh';
  /** The value held, if there is one. */
  readonly stale: unknown;
  /** What `etag` was called with when the value held was loaded. */
  readonly staleEtag: string | undefined;
  /** Sets the life of what is being loaded, in milliseconds. */
  ttl(ttlMs: number): void;
  /** Adds tags. */
  tags(...tags: readonly string[]): void;
  /** Sets the version, at least 0: it does not replace a newer one, nor a deletion with a newer one. */
  version(version: number): void;
  /** Remembers a validator for the next load, such as an HTTP ETag. */
  etag(etag: string): void;
  /** Passes the value on without keeping it. */
  skip(): void;
  /**
   * The value held, to be returned as the loader's: it is good for another life, as long as it is asked for and said now. Its
   * etag and version stay, and so do its tags beside those of the call, as far as the loader says no others. Typed as `never`,
   * so that it fits whatever the loader returns.
   *
   * @throws {NothingToKeepError} when none is held.
   */
  notModified(): never;
}

/** Reads the truth. `undefined` is passed on and not kept; `null` is a value. */
export type Loader<T> = (context: LoadContext) => T | PromiseLike<T>;

/** What a bulk loader is told, and what it may say of each key. */
export interface BulkLoadContext extends OperationContext {
  /** The context of one of the keys. */
  of(key: string): LoadContext;
}

/** Reads the truth of many keys at once. A key that the result does not hold is passed on as `undefined` and not kept. */
export type BulkLoader<T> = (
  keys: readonly string[],
  context: BulkLoadContext,
) => ReadonlyMap<string, T> | PromiseLike<ReadonlyMap<string, T>>;

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

export interface ResolvedOptions {
  readonly namespace: string;
  readonly name: string;
  readonly l1: (TableLimits & { readonly ttlMs: number }) | undefined;
  /** The tiers outside this process, the nearer first. */
  readonly lower: readonly TierSetup[];
  readonly terms: Terms;
  readonly negativeTtlMs: number | undefined;
  readonly jitterRatio: number;
  readonly earlyRefresh: EarlyRefreshOptions | undefined;
  readonly loadRetryMs: number;
  readonly tierSoftTimeoutMs: number;
  /** How long one read waits for all lower tiers together, in milliseconds. */
  readonly patienceMs: number;
  readonly maxStalenessMs: number;
  readonly unverified: 'load' | 'serve';
  readonly leaseMs: number;
  readonly leaseWaitMs: number;
  readonly settleMs: number;
  readonly strict: boolean;
  readonly format: ValueFormat;
  readonly guard: ValueGuard;
  readonly reads: ReadRecorder | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: TieredCacheOptions): ResolvedOptions {
  const namespace = identifier('namespace', options.namespace);
  const clock = methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule');
  const tierTimeoutMs = duration('tierTimeoutMs', options.tierTimeoutMs ?? 250, 1);
  const none = { ttlMs: options.ttlMs, slidingMs: Infinity, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 };
  const { negativeTtlMs, reads } = options;
  const lower = [
    ...resolveLowerTier('l2', options.l2, tierTimeoutMs, clock),
    ...resolveLowerTier('l3', options.l3, tierTimeoutMs, clock),
  ];
  return {
    namespace,
    name: text('name', options.name ?? namespace),
    l1: options.l1 === false ? undefined : resolveMemoryTier(options.l1 ?? {}),
    lower,
    terms: resolveTerms(options, none),
    negativeTtlMs: negativeTtlMs === undefined ? undefined : lifetime('negativeTtlMs', negativeTtlMs),
    jitterRatio: ratio('jitterRatio', options.jitterRatio ?? 0),
    earlyRefresh: options.earlyRefresh && resolveEarlyRefresh(options.earlyRefresh),
    loadRetryMs: duration('loadRetryMs', options.loadRetryMs ?? 1_000),
    tierSoftTimeoutMs: duration('tierSoftTimeoutMs', options.tierSoftTimeoutMs ?? 50, 1),
    patienceMs: lower.reduce((sum, { timeoutMs }) => sum + timeoutMs, 0),
    maxStalenessMs: duration('maxStalenessMs', options.maxStalenessMs ?? 2_000, 100),
    unverified: oneOf('unverified', options.unverified ?? 'load', ['load', 'serve']),
    leaseMs: duration('leaseMs', options.leaseMs ?? 5_000, 100),
    leaseWaitMs: duration('leaseWaitMs', options.leaseWaitMs ?? 10_000),
    settleMs: duration('settleMs', options.settleMs ?? 0),
    strict: options.strict === true,
    format: resolveValueFormat(options),
    guard: guardValue(options.copies ?? 'shared'),
    reads: reads && methods('reads', reads, 'record'),
    clock,
    random: callable('random', options.random ?? Math.random),
  };
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveTerms(options: EntryTimes, defaults: Terms): Terms {
  const { ttlMs, slidingMs, staleWhileRevalidateMs, staleIfErrorMs } = options;
  return {
    ttlMs: lifetime('ttlMs', ttlMs ?? defaults.ttlMs),
    slidingMs: idleTime('slidingMs', slidingMs ?? defaults.slidingMs),
    staleWhileRevalidateMs: lifetime(
      'staleWhileRevalidateMs',
      staleWhileRevalidateMs ?? defaults.staleWhileRevalidateMs,
    ),
    staleIfErrorMs: lifetime('staleIfErrorMs', staleIfErrorMs ?? defaults.staleIfErrorMs),
  };
}

function resolveMemoryTier(options: MemoryTierOptions): TableLimits & { readonly ttlMs: number } {
  return { ...resolveLimits(options, 'l1.'), ttlMs: lifetime('l1.ttlMs', options.ttlMs ?? Infinity) };
}

function resolveEarlyRefresh(options: EarlyRefreshOptions): EarlyRefreshOptions {
  if ('atRatio' in options) return { atRatio: ratio('earlyRefresh.atRatio', options.atRatio) };
  return { beta: atLeast('earlyRefresh.beta', options.beta, 0) };
}

function resolveLowerTier(
  level: LowerTierLevel,
  options: ICache | LowerTierOptions | undefined,
  tierTimeoutMs: number,
  clock: Clock,
): TierSetup[] {
  if (options === undefined) return [];
  const { cache, ttlMs, timeoutMs, guard } = lowerTier(level, options);
  return [
    {
      level,
      cache,
      timeoutMs: duration(`${level}.timeoutMs`, timeoutMs ?? tierTimeoutMs, 1),
      ttlMs: lifetime(`${level}.ttlMs`, ttlMs ?? Infinity),
      guard: guard === undefined ? new TierGuard(clock) : methods(`${level}.guard`, guard, 'execute'),
    },
  ];
}

/**
 * A lower tier with its terms, however it was given.
 *
 * @throws {InvalidOptionError} when it is no cache.
 */
export function lowerTier(level: LowerTierLevel, given: ICache | LowerTierOptions): LowerTierOptions {
  const options: LowerTierOptions =
    Object(given) === given && 'cache' in given ? given : { cache: given as ICache };
  methods(level, options.cache, 'get', 'getMany', 'set', 'delete', 'clear');
  return options;
}
