import type { Clock, EventHub, Policy } from '@holdfast/core';

import type { ICache } from '../cache.ts';
import type { Invalidations } from '../coherence/invalidations.ts';
import type { Sealing } from '../entry/envelope.ts';
import type { LowerTierLevel, TieredCacheEvent } from '../events.ts';
import type { RecentWrites } from './recent-writes.ts';

/** One tier as it was asked for. */
export interface TierSetup {
  readonly level: LowerTierLevel;
  readonly cache: ICache;
  readonly timeoutMs: number;
  /** Longest life of an entry here, in milliseconds. */
  readonly ttlMs: number;
  readonly guard: Policy;
}

/** What the tiers of one cache have in common. */
export interface TierSurroundings extends Sealing {
  /** Name of the cache. */
  readonly name: string;
  readonly clock: Clock;
  readonly hub: EventHub<TieredCacheEvent>;
  /** How this instance names itself to others. */
  readonly origin: string;
  /** For so long after a deletion loads of the key are not stored, in milliseconds. */
  readonly settleMs: number;
  readonly invalidations: Invalidations;
  /** Remembers what the tier acknowledges, where that is the shared one. */
  readonly recent?: RecentWrites | undefined;
}
