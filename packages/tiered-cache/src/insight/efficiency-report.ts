import type { LowerTierStatistics, MemoryTierStatistics, TieredCacheStatistics } from '../statistics.ts';
import { type EfficiencyFinding, findingsOf } from './efficiency-findings.ts';

/** A hit ratio curve, as far as a report needs it: `HitRatioCurve` fits. */
export interface KnownCurve {
  /** How many observations it is made of. */
  readonly samples: number;
  hitRatio(entries: number): number;
}

export interface EfficiencyReportOptions {
  /**
   * Statistics of the same cache, taken earlier: the report is about what has happened since. Defaults to all that has
   * happened.
   */
  readonly since?: TieredCacheStatistics | undefined;
  /** The curve of the same reads, made for the first tier's `maxEntries`. Three findings need it. Defaults to none. */
  readonly curve?: KnownCurve | undefined;
}

/** How one tier did. Ratios are 0…1, and 0 if there was nothing to divide by. */
export interface TierEfficiency {
  /** How many keys were asked of it. */
  readonly asked: number;
  /** Share of the keys asked of this tier that it had. In memory a stale entry counts as none. */
  readonly hitRatio: number;
  /** Share of all lookups that it answered with a fresh value. */
  readonly answeredRatio: number;
  /** Share of the keys asked of this tier that it failed at, or was not asked for because it had failed. */
  readonly errorRatio: number;
}

export interface MemoryEfficiency extends TierEfficiency {
  readonly entries: number;
  /** Mean of what is held now, keys and bookkeeping included; 0 for an empty tier. */
  readonly bytesPerEntry: number;
  /** Share of `maxEntries` that is taken now. */
  readonly fullRatio: number;
  /**
   * Entries pushed out for each one that a read brought in. About 1 in a full memory of keys that never come back; over
   * 1 where writes push out others too.
   */
  readonly evictionsPerFill: number;
}

/** How well a cache does its work, in numbers. Ratios are 0…1, and 0 if there was nothing to divide by. */
export interface EfficiencyReport {
  /** Answers asked for. All shares below are shares of them, unless something else is said. */
  readonly lookups: number;
  /** Answered by a tier, stale answers included: nobody had to wait for a loader. */
  readonly hitRatio: number;
  readonly staleRatio: number;
  readonly loadedRatio: number;
  /** Answered with `undefined`. */
  readonly missRatio: number;
  /** Rejected. */
  readonly errorRatio: number;
  /** Share of the loader's runs that failed. */
  readonly loadFailureRatio: number;
  readonly tiers: {
    readonly l1?: MemoryEfficiency;
    readonly l2?: TierEfficiency;
    readonly l3?: TierEfficiency;
  };
  /** What stands out, if anything. */
  readonly findings: readonly EfficiencyFinding[];
}

const lookupCounters = ['l1Hit', 'l2Hit', 'l3Hit', 'staleHit', 'loaded', 'miss', 'error'] as const;

/** How the keys asked of a tier are counted. */
const askedCounters = ['hits', 'misses', 'errors', 'skipped'] as const;

/** Says how well a cache does its work, from its statistics alone. Computes when called and keeps nothing. */
export function efficiencyReport(
  statistics: TieredCacheStatistics,
  { since, curve }: EfficiencyReportOptions = {},
): EfficiencyReport {
  const now = since === undefined ? statistics : difference(statistics, since);
  const { l1Hit, l2Hit, l3Hit, staleHit, loaded, miss, error } = now.lookups;
  const lookups = l1Hit + l2Hit + l3Hit + staleHit + loaded + miss + error;
  const { l1, l2, l3 } = now.tiers;
  const fills = l2Hit + l3Hit + now.loads.success;
  const figures = {
    lookups,
    hitRatio: share(l1Hit + l2Hit + l3Hit + staleHit, lookups),
    staleRatio: share(staleHit, lookups),
    loadedRatio: share(loaded, lookups),
    missRatio: share(miss, lookups),
    errorRatio: share(error, lookups),
    loadFailureRatio: share(now.loads.failure, now.loads.success + now.loads.failure),
    tiers: {
      ...(l1 && { l1: memoryOf(l1, share(l1Hit, lookups), fills) }),
      ...(l2 && { l2: tierOf(l2, share(l2Hit, lookups)) }),
      ...(l3 && { l3: tierOf(l3, share(l3Hit, lookups)) }),
    },
  };
  return { ...figures, findings: findingsOf(figures, now, curve) };
}

/** What was counted since. Gauges are those of now. */
function difference(now: TieredCacheStatistics, since: TieredCacheStatistics): TieredCacheStatistics {
  const { l1, l2, l3 } = now.tiers;
  return {
    ...now,
    lookups: minus(now.lookups, since.lookups, lookupCounters),
    loads: minus(now.loads, since.loads, ['success', 'failure']),
    tiers: {
      ...(l1 && { l1: minus(l1, since.tiers.l1, [...askedCounters, 'evictions']) }),
      ...(l2 && { l2: minus(l2, since.tiers.l2, askedCounters) }),
      ...(l3 && { l3: minus(l3, since.tiers.l3, askedCounters) }),
    },
  };
}

/** A copy with some counters lessened by those of an earlier time, when there may have been none. */
function minus<T extends object>(now: T, since: T | undefined, counters: readonly (keyof T)[]): T {
  const copy = { ...now };
  for (const counter of counters) {
    const earlier = (since?.[counter] as number | undefined) ?? 0;
    copy[counter] = ((now[counter] as number) - earlier) as T[keyof T];
  }
  return copy;
}

function tierOf(tier: LowerTierStatistics | MemoryTierStatistics, answeredRatio: number): TierEfficiency {
  const asked = tier.hits + tier.misses + tier.errors + tier.skipped;
  return {
    asked,
    hitRatio: share(tier.hits, asked),
    answeredRatio,
    errorRatio: share(tier.errors + tier.skipped, asked),
  };
}

function memoryOf(tier: MemoryTierStatistics, answeredRatio: number, fills: number): MemoryEfficiency {
  return {
    ...tierOf(tier, answeredRatio),
    entries: tier.entries,
    bytesPerEntry: share(tier.bytes, tier.entries),
    fullRatio: share(tier.entries, tier.capacityEntries),
    evictionsPerFill: share(tier.evictions, fills),
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
