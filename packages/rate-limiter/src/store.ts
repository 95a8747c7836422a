import type { Clock } from '@holdfast/core';

/** Where a decision was made: `'local'` stands in for a store that failed. */
export type DecisionSource = 'memory' | 'redis' | 'local';

/** The scope that everybody shares. */
export const globalScope = 'global';

/** One limit, resolved. */
export interface LimitRule {
  readonly name: string;
  /** Whose spending counts: a scope of the subject, or `'global'`. */
  readonly scope: string;
  readonly tag: string | undefined;
  readonly limit: number;
  readonly windowMs: number;
  /** Cells per window, or 0 if each instant is a cell of its own. */
  readonly cells: number;
  /** Position in the plan. */
  readonly index: number;
}

/** The limits of one scope that take part in a decision; they are kept together, under one subject. */
export interface RuleGroup {
  readonly scope: string;
  readonly rules: readonly LimitRule[];
}

/** What a store tells the limiter about its own health. */
export interface StoreObserver {
  /** One call failed. */
  failed(): void;
  /** An outage began: decisions are local from now on. */
  lost(error: unknown): void;
  /** The outage ended. */
  recovered(outageMs: number): void;
}

export interface LimitPlan {
  /** The limiter's name. A store given to limiters of the same name holds one count for them. */
  readonly name: string;
  readonly rules: readonly LimitRule[];
  readonly clock: Clock;
  readonly observer: StoreObserver;
}

/** Numbers per limit in {@link Verdict.readings}. */
export const readingWidth = 4;

/** The answer of a ledger. Valid until the ledger decides again: read it at once. */
export interface Verdict {
  readonly source: DecisionSource;
  /**
   * For each rule of each group, in order: 1 if the rule refused, else 0; what is left; milliseconds until the same
   * cost, at least 1, would pass (`Infinity` for never); milliseconds until nothing counts. As after the decision.
   */
  readonly readings: ArrayLike<number>;
}

/** The counts of one limiter. */
export interface Ledger {
  /**
   * Decides atomically over all the rules: either each has room for `cost` and each is charged, or none is.
   * `subjects` has one entry per group. Never rejects. A cost of 0 looks and changes nothing.
   */
  decide(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): Verdict | Promise<Verdict>;
  /** Subjects held in this process. */
  readonly trackedSubjects: number;
}

/** Where the counts of limiters live. */
export interface RateLimitStore {
  open(plan: LimitPlan): Ledger;
}
