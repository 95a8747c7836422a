import {
  callable,
  type Clock,
  duration,
  type ExecuteOptions,
  InvalidOptionError,
  methods,
  type OperationContext,
  type Policy,
  ratio,
  systemClock,
  text,
} from '@holdfast/core';

import type { ICache } from './cache.ts';
import { identifier, lifetime } from './checks.ts';
import { type Codec, jsonCodec } from './codec.ts';
import type { Terms } from './entry.ts';
import type { LowerTierLevel } from './events.ts';
import { type MemoryLimits, resolveLimits } from './memory-cache.ts';
import type { TableLimits } from './memory-table.ts';
import type { TierSetup } from './tier.ts';
import { TierGuard } from './tier-guard.ts';

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
  /** Longest wait for one operation, in milliseconds. Defaults to the cache's `tierTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /**
   * Decides whether the tier is asked; a circuit breaker fits. Defaults to a guard that leaves the tier alone for 1 s
   * after 3 failures in a row, and then tries one operation at a time.
   */
  readonly guard?: Policy | undefined;
}

/** Times of one entry, where they differ from the cache's. */
export interface EntryOptions {
  /** Life in milliseconds. 0 is not kept, unless a stale time is given; `Infinity` never expires. */
  readonly ttlMs?: number | undefined;
  /** How long after `ttlMs` the value may be given out while a refresh runs, in milliseconds. */
  readonly staleWhileRevalidateMs?: number | undefined;
  /** How long after `ttlMs` the value may be given out when a load fails, in milliseconds. */
  readonly staleIfErrorMs?: number | undefined;
}

/**
 * What one `get` asks for. The times apply to what its loader brings. Of an entry found, a stale time given here only
 * shortens the one that it was stored with.
 */
export interface GetOptions extends EntryOptions, Pick<ExecuteOptions, 'signal' | 'deadlineMs'> {}

/** What a loader is told. Its signal aborts when nobody waits for the value any longer. */
export interface LoadContext extends OperationContext {
  readonly key: string;
  /**
   * `'miss'`: nothing is held. `'stale'`: what is held is too old to be given out. `'refresh'`: it runs in the
   * background, and the stale value is given out meanwhile.
   */
  readonly reason: 'miss' | 'stale' | 'refresh';
}

/** Reads the truth. `undefined` is passed on and not kept; `null` is a value. */
export type Loader<T> = (context: LoadContext) => T | PromiseLike<T>;

export interface TieredCacheOptions extends EntryOptions {
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
  /** Added to `ttlMs`. Defaults to 0: a stale value is not given out while a refresh runs. */
  readonly staleWhileRevalidateMs?: number | undefined;
  /** Added to `ttlMs`. Defaults to 0: a failed load rejects. */
  readonly staleIfErrorMs?: number | undefined;
  /** Each life is shortened by a random share of up to this much, so that entries do not expire together. Defaults to 0. */
  readonly jitterRatio?: number | undefined;
  /** After a failed load that a stale value stood in for: no further load of the key for so long. Defaults to 1,000. */
  readonly loadRetryMs?: number | undefined;
  /** Longest wait for one operation on `l2` or `l3`, in milliseconds. Defaults to 250. */
  readonly tierTimeoutMs?: number | undefined;
  /** How values are written to `l2` and `l3`. Defaults to JSON. */
  readonly codec?: Codec | undefined;
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
  readonly jitterRatio: number;
  readonly loadRetryMs: number;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: () => number;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: TieredCacheOptions): ResolvedOptions {
  const namespace = identifier('namespace', options.namespace);
  const clock = methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule');
  const tierTimeoutMs = duration('tierTimeoutMs', options.tierTimeoutMs ?? 250, 1);
  const none = { ttlMs: options.ttlMs, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 };
  return {
    namespace,
    name: text('name', options.name ?? namespace),
    l1: options.l1 === false ? undefined : resolveMemoryTier(options.l1 ?? {}),
    lower: [
      ...resolveLowerTier('l2', options.l2, tierTimeoutMs, clock),
      ...resolveLowerTier('l3', options.l3, tierTimeoutMs, clock),
    ],
    terms: resolveTerms(options, none),
    jitterRatio: ratio('jitterRatio', options.jitterRatio ?? 0),
    loadRetryMs: duration('loadRetryMs', options.loadRetryMs ?? 1_000),
    codec: resolveCodec(options.codec ?? jsonCodec),
    clock,
    random: callable('random', options.random ?? Math.random),
  };
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveTerms(options: EntryOptions, defaults: Terms): Terms {
  const { ttlMs, staleWhileRevalidateMs, staleIfErrorMs } = options;
  return {
    ttlMs: lifetime('ttlMs', ttlMs ?? defaults.ttlMs),
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

function resolveLowerTier(
  level: LowerTierLevel,
  options: ICache | LowerTierOptions | undefined,
  tierTimeoutMs: number,
  clock: Clock,
): TierSetup[] {
  if (options === undefined) return [];
  const { cache, timeoutMs, guard }: LowerTierOptions = 'cache' in options ? options : { cache: options };
  const names = ['get', 'getMany', 'set', 'delete', 'clear'] as const;
  return [
    {
      level,
      cache: methods(level, cache, ...names),
      timeoutMs: duration(`${level}.timeoutMs`, timeoutMs ?? tierTimeoutMs, 1),
      guard: guard === undefined ? new TierGuard(clock) : methods(`${level}.guard`, guard, 'execute'),
    },
  ];
}

function resolveCodec(codec: Codec): Codec {
  methods('codec', codec, 'encode', 'decode');
  if (Number.isInteger(codec.id) && codec.id >= 0 && codec.id <= 255) return codec;
  throw new InvalidOptionError('codec.id', 'a whole number from 0 to 255', codec.id);
}
