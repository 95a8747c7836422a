import type { SharedCache } from './cache.ts';
import type { LowerTierLevel } from './events.ts';
import type { ResolvedOptions } from './resolved-options.ts';

/** A guarantee that a cache as it is configured does not give. */
export interface Advice {
  readonly code: 'no-log' | 'unbounded-staleness' | 'no-lives' | 'short-wait';
  readonly tier: LowerTierLevel;
  readonly message: string;
}

/** What a cache with these options gives up, and what would change that. Nothing is wrong with it otherwise. */
export function adviceFor({ lower, l1, leaseMs, leaseWaitMs }: ResolvedOptions): readonly Advice[] {
  const advice: Advice[] = [];
  const shared = lower.find(({ cache }) => (cache as Partial<SharedCache>).coherent !== undefined);
  for (const { level, cache } of lower) {
    if (!cache.capabilities.ttl)
      advice.push({
        code: 'no-lives',
        tier: level,
        message: `${level} removes nothing by itself: what has expired stays there until it is overwritten`,
      });
  }
  const [nearest] = lower;
  if (shared === undefined && nearest !== undefined) {
    advice.push({
      code: 'no-log',
      tier: nearest.level,
      message: `${nearest.level} has no log: other processes that share it are not told of invalidations, and may store what is outdated`,
    });
    if (l1 !== undefined && l1.ttlMs === Infinity)
      advice.push({
        code: 'unbounded-staleness',
        tier: nearest.level,
        message: 'memory contradicts other processes for as long as an entry lives: bound it by l1.ttlMs',
      });
  }
  if (shared !== undefined && leaseWaitMs < leaseMs)
    advice.push({
      code: 'short-wait',
      tier: shared.level,
      message:
        'leaseWaitMs is less than leaseMs: when a process dies while it loads, others load without storing',
    });
  return advice;
}
