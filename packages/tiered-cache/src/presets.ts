import { hours, InvalidOptionError, minutes } from '@holdfast/core';

import type { ICache } from './cache.ts';
import type { LowerTierLevel } from './events.ts';
import type { LowerTierOptions, MemoryTierOptions } from './options.ts';
import { lowerTier } from './resolved-options.ts';

/** The tiers that a preset is for, each as `createCache` takes it. */
export interface PresetTiers {
  readonly l2?: ICache | LowerTierOptions | undefined;
  readonly l3?: ICache | LowerTierOptions | undefined;
}

/** Options for `createCache`, to be spread into it beside the namespace. Frozen. */
export interface PresetOptions {
  /** That of the lowest tier there is, in milliseconds. */
  readonly ttlMs: number;
  readonly l1: MemoryTierOptions;
  readonly l2?: LowerTierOptions;
  readonly l3?: LowerTierOptions;
}

/**
 * Says how long each tier keeps an entry. A life that a tier was given by hand stays.
 *
 * @param tiers - None for a cache in memory alone.
 * @throws {InvalidOptionError} when one of them is no cache.
 */
export type Preset = (tiers?: PresetTiers) => PresetOptions;

/**
 * Lives for the tiers of a cache, to be spread into its options:
 *
 * ```ts
 * createCache({ namespace: 'shop', ...presets.phase2({ l2: redis(url), l3: sqlite('cache.db') }) });
 * ```
 *
 * An entry is fresh for as long as the lowest tier keeps it. A tier whose own time is over asks the next one, and loads
 * nothing while that one still has the entry.
 */
export const presets: {
  /** For what changes by the minute: memory 5 min and 10,000 entries, then 10 min, then 1 h. */
  readonly phase2: Preset;
  /** For what people look at while others change it: memory 100 ms, then 5 min, then 1 h. */
  readonly interactive: Preset;
} = Object.freeze({
  phase2: preset({ ttlMs: minutes(5), maxEntries: 10_000 }, minutes(10), hours(1)),
  interactive: preset({ ttlMs: 100 }, minutes(5), hours(1)),
});

function preset(
  l1: MemoryTierOptions & { readonly ttlMs: number },
  l2TtlMs: number,
  l3TtlMs: number,
): Preset {
  Object.freeze(l1);
  return (tiers = {}) => {
    if (Object(tiers) !== tiers) throw new InvalidOptionError('tiers', 'an object', tiers);
    const l2 = keptFor(l2TtlMs, 'l2', tiers.l2);
    const l3 = keptFor(l3TtlMs, 'l3', tiers.l3);
    const ttlMs = (l3 ?? l2 ?? l1).ttlMs;
    return Object.freeze({ ttlMs, l1, ...(l2 && { l2 }), ...(l3 && { l3 }) });
  };
}

function keptFor(
  ttlMs: number,
  level: LowerTierLevel,
  given: ICache | LowerTierOptions | undefined,
): (LowerTierOptions & { readonly ttlMs: number }) | undefined {
  if (given === undefined) return undefined;
  const options = lowerTier(level, given);
  return Object.freeze({ ...options, ttlMs: options.ttlMs ?? ttlMs });
}
