import type { Change } from '../coherence/coherent-store.ts';
import type { Position } from '../coherence/position.ts';
import type { Entry } from '../entry/entry.ts';
import type { LowerTierLevel } from '../events.ts';
import type { Attempt } from './tier-channel.ts';
import type { TierCounts } from './tier-counts.ts';

/**
 * What became of a write in one tier. `'queued'`: the tier did not take it in time. What it held before will be removed
 * there as soon as it answers, and until then this process does not believe the tier about the key. `'refused'`: a newer
 * version is there.
 */
export type TierOutcome = 'applied' | 'queued' | 'refused';

/** An entry as it goes to a tier. */
export interface Sealed {
  readonly entry: Entry;
  readonly envelope: Uint8Array;
}

/** What stands in a tier for a write with a version, to refuse older ones. */
export interface Tombstone {
  readonly version: number;
  readonly envelope: Uint8Array;
  readonly ttlMs: number;
}

/** How one write of a key differs from the others. */
export interface TierWriteTerms {
  /** What the log says of it. The key has to be removed later if the tier does not take it; absent for what may be lost. */
  readonly change?: Change;
  readonly limitMs?: number | undefined;
  /** What then has to stand in for it. */
  readonly tombstone?: Tombstone | undefined;
}

/** A write as one tier answered it. */
export interface TierWrite {
  readonly level: LowerTierLevel;
  readonly outcome: TierOutcome;
  /** Where the change stands in the store's log. */
  readonly position: Position | undefined;
  /** Why it was queued. */
  readonly error: unknown;
}

/** What became of a write, counted. */
export function writtenAs(
  level: LowerTierLevel,
  counts: TierCounts,
  attempt: Attempt<Position | 'refused' | undefined>,
): TierWrite {
  if (attempt.outcome !== 'done') {
    counts.writesFailed += 1;
    return { level, outcome: 'queued', position: undefined, error: attempt.error };
  }
  counts.writesApplied += 1;
  if (attempt.value === 'refused')
    return { level, outcome: 'refused', position: undefined, error: undefined };
  return { level, outcome: 'applied', position: attempt.value, error: undefined };
}
