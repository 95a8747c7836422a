import { callable, type Clock, duration, methods, systemClock } from '@holdfast/core';

import type { LowerTierLevel } from '../events.ts';
import type { LowerTierOptions, MemoryTierOptions, TieredCacheOptions } from '../options.ts';
import type { Preset } from '../presets.ts';

/** A tier failed after it had worked, or works again. */
export interface TierChange {
  readonly tier: LowerTierLevel;
  readonly status: 'up' | 'down';
  /** What it failed with, for people. Absent when it is up. */
  readonly error?: string;
}

/** What the code says of a cache that the environment completes. A variable that is set wins. */
export interface EnvironmentCacheOptions extends Omit<TieredCacheOptions, 'l1' | 'l2' | 'l3' | 'ttlMs'> {
  /** Life of an entry in milliseconds. Needed unless a preset or `CACHE_TTL_MS` gives one. */
  readonly ttlMs?: number | undefined;
  /** Lives for each tier, from `presets`. Defaults to none: an entry lives in every tier for `ttlMs`. */
  readonly preset?: Preset | undefined;
  /** Terms of the tier in memory, where there is one. */
  readonly l1?: MemoryTierOptions | undefined;
  /** Terms of the tier in Redis, where there is one. */
  readonly l2?: Omit<LowerTierOptions, 'cache'> | undefined;
  /** Terms of the tier in a file, where there is one. */
  readonly l3?: Omit<LowerTierOptions, 'cache'> | undefined;
  /**
   * As in `createCache`, but defaults to `'serve'` where there are memory and Redis: while Redis is down, memory goes on
   * without it.
   */
  readonly unverified?: TieredCacheOptions['unverified'];
  /** Longest wait of `health()` for one tier, in milliseconds, at least 1. Defaults to 1,000. */
  readonly probeTimeoutMs?: number | undefined;
  /** Called once when a tier fails and once when it works again. It has to be quick. Defaults to nothing. */
  readonly onTierChange?: ((change: TierChange) => void) | undefined;
}

export interface ResolvedEnvironmentOptions {
  readonly probeTimeoutMs: number;
  readonly onTierChange: ((change: TierChange) => void) | undefined;
  readonly clock: Clock;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: EnvironmentCacheOptions): ResolvedEnvironmentOptions {
  const { preset, onTierChange } = options;
  if (preset !== undefined) callable('preset', preset);
  return {
    probeTimeoutMs: duration('probeTimeoutMs', options.probeTimeoutMs ?? 1_000, 1),
    onTierChange: onTierChange && callable('onTierChange', onTierChange),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}
