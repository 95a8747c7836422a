import type { Counts } from './counts.ts';
import type { Entry } from './entry/entry.ts';
import type { LowerTierLevel } from './events.ts';
import type { MemoryTable } from './memory/memory-table.ts';

/** Counters only grow; `entries` and `bytes` are read now. */
export interface MemoryTierStatistics {
  /** Reads answered with a fresh entry. */
  readonly hits: number;
  readonly misses: number;
  /** Always 0, like `skipped`: memory does not fail. */
  readonly errors: number;
  readonly skipped: number;
  /** Expired entries that nobody has asked for since included. */
  readonly entries: number;
  readonly bytes: number;
  readonly capacityEntries: number;
  /** Entries pushed out for others. */
  readonly evictions: number;
}

/** Counters only grow; `queued` and `up` are read now. Each key read counts as one of the first four. */
export interface LowerTierStatistics {
  /** Entries given, stale ones included. */
  readonly hits: number;
  readonly misses: number;
  /** Reads that failed or took too long, and entries that could not be decoded. */
  readonly errors: number;
  /** Reads that were not tried: the tier was failing, or a write of the key is owed to it. */
  readonly skipped: number;
  readonly writesApplied: number;
  /** Writes that failed, took too long or were not tried. */
  readonly writesFailed: number;
  /** Keys that still have to be removed because a write of them was not taken. */
  readonly queued: number;
  /** 1 if the last operation worked, 0 if not. */
  readonly up: 0 | 1;
}

/** Counters only grow; gauges are those of the tiers. */
export interface TieredCacheStatistics {
  readonly component: 'tiered-cache';
  /** One per answer asked for: `get`, each key of `getMany`, and a `peek` that found something. */
  readonly lookups: {
    readonly l1Hit: number;
    readonly l2Hit: number;
    readonly l3Hit: number;
    /** Answered with a stale value. */
    readonly staleHit: number;
    /** Answered by a loader; those who shared a load count each. */
    readonly loaded: number;
    /** Answered with `undefined`, without a loader. */
    readonly miss: number;
    /** Rejected. */
    readonly error: number;
  };
  readonly tiers: {
    readonly l1?: MemoryTierStatistics;
    readonly l2?: LowerTierStatistics;
    readonly l3?: LowerTierStatistics;
  };
  /** Runs of loaders, those in the background included. */
  readonly loads: { readonly success: number; readonly failure: number };
  /** Refreshes in the background, by a loader or from a lower tier. */
  readonly refreshes: { readonly success: number; readonly failure: number };
  /** Lives that a hit was to lengthen. Refused where no tier held the entry any more, or none answered. */
  readonly slides: { readonly extended: number; readonly refused: number };
  readonly staleServed: {
    /** While a refresh ran, or was held off after one had failed. */
    readonly revalidating: number;
    /** Because the load failed or came too late. */
    readonly loadError: number;
    /** Because nobody could say whether it was still current, and that was allowed. */
    readonly unverified: number;
  };
  readonly coherence: CoherenceStatistics;
}

/** What was heard from other processes. Counters only grow; all 0 without a tier that has a log. */
export interface CoherenceStatistics {
  /** Times that changes may have been missed, and memory was dropped. */
  readonly gaps: number;
  /** Times that the shared tier had forgotten everything, and memory was dropped. */
  readonly epochs: number;
  /** Changes made by others. */
  readonly changes: number;
  /** What came of asking the shared tier to load a key; `busy` once per look. */
  readonly leases: {
    readonly granted: number;
    readonly stored: number;
    readonly busy: number;
    readonly settling: number;
    readonly unavailable: number;
  };
  /** Loads whose value the shared tier refused, because the key had been invalidated since. */
  readonly fillsRefused: number;
}

/** The statistics of one cache. */
export function summarize(
  counts: Counts,
  l1: MemoryTable<Entry> | undefined,
  lower: { readonly [Level in LowerTierLevel]?: LowerTierStatistics },
): TieredCacheStatistics {
  const { l1Hit, l2Hit, l3Hit, staleHit, loaded, miss, error } = counts;
  return {
    component: 'tiered-cache',
    lookups: { l1Hit, l2Hit, l3Hit, staleHit, loaded, miss, error },
    tiers: l1 === undefined ? lower : { l1: summarizeMemory(counts, l1), ...lower },
    loads: { success: counts.loadSuccess, failure: counts.loadFailure },
    refreshes: { success: counts.refreshSuccess, failure: counts.refreshFailure },
    slides: { extended: counts.slidesExtended, refused: counts.slidesRefused },
    staleServed: {
      revalidating: counts.revalidating,
      loadError: counts.loadError,
      unverified: counts.unverified,
    },
    coherence: {
      gaps: counts.gaps,
      epochs: counts.epochs,
      changes: counts.changes,
      leases: { ...counts.leases },
      fillsRefused: counts.fillRefused,
    },
  };
}

function summarizeMemory(counts: Counts, l1: MemoryTable<Entry>): MemoryTierStatistics {
  return {
    hits: counts.l1Hit,
    misses: counts.l1Miss,
    errors: 0,
    skipped: 0,
    entries: l1.size,
    bytes: l1.bytes,
    capacityEntries: l1.maxEntries,
    evictions: l1.evictions,
  };
}
