import type { LimitRule } from '../store.ts';

/** The capacity of a limit of 0: even a cost of 0 is more. */
export const nothingPasses = -1;

/**
 * What subjects spent under the limits of one mode, each in its place of two numbers; 0 and 0 where nothing was spent.
 * Amounts are in the mode's own unit.
 */
export interface Counts {
  /** The amount of a cost of 1 while `limit` holds: the rule's own, or a lower one. */
  unitOf(rule: LimitRule, limit: number): number;
  /** The most that may count at once, or {@link nothingPasses}. */
  capacityOf(rule: LimitRule, limit: number): number;
  /** The amount that counts at `now`. */
  spentAt(place: number, now: number, rule: LimitRule): number;
  /** Adds an amount to the `spent` that counts at `now`. Returns milliseconds until all of it has run out. */
  add(place: number, spent: number, now: number, amount: number, rule: LimitRule): number;
  /** Milliseconds from `now` until `excess` of the `spent` has run out. */
  freesAfterMs(place: number, spent: number, now: number, excess: number, rule: LimitRule): number;
  /** Milliseconds from `now` until all of the `spent` has run out. */
  emptyAfterMs(place: number, spent: number, now: number, rule: LimitRule): number;
  /** Changes what was added at `chargedAt` by an amount that may be negative; what counts never gets below 0. */
  adjust(place: number, now: number, chargedAt: number, amount: number, rule: LimitRule): void;
  /** Takes up to an amount off the `spent` that counts at `now`, the latest first. */
  takeBack(place: number, spent: number, now: number, amount: number): void;
  /** Forgets what was spent. */
  clear(place: number): void;
}
