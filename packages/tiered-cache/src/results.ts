import type { TierLevel } from './events.ts';
import type { TierOutcome } from './tier.ts';

/** What became of a write, for each tier that the cache has. */
export interface WriteResult {
  readonly l1?: 'applied';
  readonly l2?: TierOutcome;
  readonly l3?: TierOutcome;
}

/** An entry as it is held now. */
export interface EntryView<V> {
  readonly value: V;
  readonly state: 'fresh' | 'stale';
  /** Where it was found. */
  readonly tier: TierLevel;
  /** Milliseconds since the value was stored. */
  readonly ageMs: number;
}
