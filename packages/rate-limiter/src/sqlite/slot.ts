import type { LimitRule } from '../store.ts';

/** What a subject spent under one limit. */
export interface Slot {
  readonly mode: LimitRule['mode'];
  readonly name: string;
  /** Nothing of it counts from this instant on. */
  endsAt: number;
  /** Strict: where the grid of cells starts. */
  gridStartsAt: number;
  /**
   * Pairs of instant and amount. Strict: cells, the oldest first, each with its latest admission and its cost. Smooth: the
   * debt, once.
   */
  readonly cells: number[];
}

/** How the limits of one mode are counted. Amounts are in the mode's own unit. */
export interface Counting {
  /** The amount of a cost of 1 while `limit` holds: the rule's own, or a lower one. */
  unitOf(rule: LimitRule, limit: number): number;
  /** The most that may count at once, or `nothingPasses`. */
  capacityOf(rule: LimitRule, limit: number): number;
  /** The amount that counts at `now`; what has run out is forgotten. */
  spentAt(slot: Slot, now: number, rule: LimitRule): number;
  /** Adds an amount to the `spent` that counts at `now`. */
  add(slot: Slot, spent: number, now: number, amount: number, rule: LimitRule): void;
  /** Changes what was added at `chargedAt` by an amount that may be negative; what counts never gets below 0. */
  adjust(slot: Slot, spent: number, now: number, chargedAt: number, amount: number, rule: LimitRule): void;
  /** Takes up to an amount off, the latest first. */
  takeBack(slot: Slot, spent: number, now: number, amount: number): void;
  /** Milliseconds from `now` until `excess` of what counts has run out. */
  freesAfterMs(slot: Slot, now: number, excess: number, rule: LimitRule): number;
  /** Milliseconds from `now` until all of the `spent`, which is over 0, has run out. */
  emptyAfterMs(slot: Slot, spent: number, now: number, rule: LimitRule): number;
}
