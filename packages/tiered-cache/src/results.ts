import type { Position } from './coherence/position.ts';
import type { TierLevel } from './events.ts';
import type { TierOutcome } from './tiers/tier-write.ts';

/** What became of a write, for each tier that the cache has. */
export interface WriteResult {
  readonly l1?: 'applied';
  readonly l2?: TierOutcome;
  readonly l3?: TierOutcome;
  /** Where the write stands in the log of the shared tier: what `get` takes as `after`. Absent without such a log. */
  readonly position?: Position;
}

/** An entry of the first tier, as it can be written down and brought back later. */
export interface DumpedEntry<V = unknown> {
  readonly key: string;
  readonly value: V;
  /** Milliseconds of fresh life left; `Infinity` for no end. */
  readonly freshForMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly tags: readonly string[];
  readonly version: number | undefined;
}

/** An entry as it is held now. */
export interface EntryView<V> {
  readonly value: V;
  readonly state: 'fresh' | 'stale';
  /** Where it was found. */
  readonly tier: TierLevel;
  /** Milliseconds since the value was stored. */
  readonly ageMs: number;
  readonly tags: readonly string[];
  /** As it was given when the value was stored. */
  readonly version: number | undefined;
}
