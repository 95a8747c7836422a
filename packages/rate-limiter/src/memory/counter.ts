/** The capacity of a limit of 0: even a cost of 0 is more. */
export const nothingPasses = -1;

/** Of a limit in a record: two numbers, whose meaning is up to the limit's mode. Both are 0 where nothing was spent. */
export const placeWidth = 2;

/**
 * How one limit is counted. What a subject spent is in the limit's place in the subject's record; the record is told as the
 * chunk that holds it and its offset there. Amounts are in the mode's own unit.
 */
export interface Counter {
  /** The amount of a cost of 1. */
  unitAt(factor: number): number;
  /** The most that may count at once, or {@link nothingPasses}. */
  capacityAt(factor: number): number;
  /** The amount that counts at `now`. */
  spentAt(numbers: Float64Array, record: number, now: number): number;
  /** Adds an amount to the `spent` that counts at `now`. Returns milliseconds until all of it has run out. */
  add(numbers: Float64Array, record: number, spent: number, now: number, amount: number): number;
  /** Milliseconds from `now` until `excess` of what counts has run out. */
  freesAfterMs(numbers: Float64Array, record: number, now: number, excess: number): number;
  /** Milliseconds from `now` until all of the `spent` has run out. */
  emptyAfterMs(numbers: Float64Array, record: number, spent: number, now: number): number;
  /** Changes what was added at `chargedAt` by an amount that may be negative; what counts never gets below 0. */
  adjust(numbers: Float64Array, record: number, now: number, chargedAt: number, amount: number): void;
  /** Takes up to an amount off the `spent` that counts at `now`, the latest first. */
  takeBack(numbers: Float64Array, record: number, spent: number, now: number, amount: number): void;
  /** Forgets what was spent. */
  clear(numbers: Float64Array, record: number): void;
}
