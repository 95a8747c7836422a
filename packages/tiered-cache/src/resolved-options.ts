import {
  atLeast,
  callable,
  type Clock,
  duration,
  methods,
  object,
  oneOf,
  ratio,
  systemClock,
  text,
} from '@holdfast/core';

import type { ICache } from './cache.ts';
import { identifier, idleTime, lifetime } from './checks.ts';
import type { Terms } from './entry/entry.ts';
import type { LowerTierLevel } from './events.ts';
import { resolveLimits } from './memory/memory-cache.ts';
import type { TableLimits } from './memory/memory-table.ts';
import type {
  EarlyRefreshOptions,
  EntryTimes,
  LowerTierOptions,
  MemoryTierOptions,
  ReadRecorder,
  TieredCacheOptions,
} from './options.ts';
import type { TierSetup } from './tiers/tier-setup.ts';
import { TierGuard } from './tiers/tier-guard.ts';
import { guardValue, type ValueGuard } from './values/copies.ts';
import { resolveValueFormat } from './values/options.ts';
import type { ValueFormat } from './values/value-format.ts';

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
  object('options', options);
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
  object('earlyRefresh', options);
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
