import type { Clock } from '@holdfast/core';

/**
 * Where a decision was made. `'cache'`: a refusal that the store gave before and that still holds. `'lease'`: in
 * part from quota that was taken out of the store in advance. `'local'`: this process stands in for a store that
 * failed.
 */
export type DecisionSource = 'memory' | 'sqlite' | 'redis' | 'lease' | 'cache' | 'local';

/** The scope that everybody shares. */
export const globalScope = 'global';

/** What a limit does while its store fails: counts by this process's share, admits everything, refuses everything. */
export type StoreErrorAction = 'local' | 'open' | 'closed';

/** One limit, resolved. */
export interface LimitRule {
  readonly name: string;
  /** Whose spending counts: a scope of the subject, or `'global'`. */
  readonly scope: string;
  readonly tag: string | undefined;
  readonly mode: 'strict' | 'smooth';
  readonly limit: number;
  readonly windowMs: number;
  /** Cost that may pass at once; the limit itself if the mode is strict. */
  readonly burst: number;
  /** Strict only: cells per window, or 0 if each instant is a cell of its own. */
  readonly cells: number;
  /** Calls are charged even if they are refused, until the limit is used up. */
  readonly countsAttempts: boolean;
  /** Judged and charged like the others, but never refuses. */
  readonly shadow: boolean;
  /** The factor of a decision lowers the limit, but not below this share of it; 1: not at all. */
  readonly minFactor: number;
  readonly onStoreError: StoreErrorAction;
  /** Position in the plan. */
  readonly index: number;
}

/** The limits of one scope that take part in a decision, at least one; they are kept together, under one subject. */
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

/** The answer of a ledger. */
export interface Verdict {
  readonly source: DecisionSource;
  /**
   * For each rule of each group, in order: 1 if the rule has no room, else 0 (a shadow rule without room refuses
   * nothing); what is left; milliseconds until the same cost, at least 1, would pass (`Infinity` for never);
   * milliseconds until nothing counts. As after the decision. The array belongs to whoever asked.
   */
  readonly readings: ArrayLike<number>;
  /**
   * Milliseconds for which a subject of the call is still blocked, whatever it has left; 0 if none is. A blocked call still
   * charges the rules that count attempts.
   */
  readonly blockedMs: number;
  /**
   * When the call was charged, on the ledger's own scale of time; `undefined` if it was not. A call that was charged may
   * pass.
   */
  readonly chargedAt: number | undefined;
}

/**
 * The counts of one limiter. The arrays of subjects have one entry per group and are valid during the call only.
 * Nothing here rejects.
 */
export interface Ledger {
  /**
   * Decides atomically over all the rules: either each has room for `cost` and each is charged, or none is, but for
   * the rules that count attempts. A cost of 0 looks and changes nothing.
   *
   * @param factor - over 0, up to 1; lowers the limits that allow it, each not below its `minFactor`.
   */
  decide(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    factor: number,
  ): Verdict | Promise<Verdict>;

  /**
   * Corrects what a call was charged at `chargedAt`: gives `cost` back where it is negative, and charges it without
   * judging where it is positive, so that a limit may be passed by what only turned out afterwards, and also if the
   * charge was given back meanwhile. Does nothing to a rule whose window is over since.
   */
  adjust(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    chargedAt: number,
  ): void | Promise<void>;

  /**
   * Charges `cost` now without judging; gives back up to that much of what counts, the latest first, where it is
   * negative.
   */
  penalize(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): void | Promise<void>;

  /** Refuses all calls of the subject for so long, unless it is blocked longer already; 0 ends a block. */
  block(scope: string, subject: string, forMs: number): void | Promise<void>;

  /** Forgets what the subject spent under these rules, and with `undefined` all of it and its block. */
  reset(scope: string, subject: string, rules: readonly LimitRule[] | undefined): void | Promise<void>;

  /** Subjects held in this process. */
  readonly trackedSubjects: number;
}

/** Where the counts of limiters live. */
export interface RateLimitStore {
  open(plan: LimitPlan): Ledger;
}

/**
 * The limit that holds for a decision: the factor lowers it, never below 1 unless it is 0 itself. What is stored are
 * costs as they were charged, so processes with different factors share one count.
 */
export function limitAt({ limit, minFactor }: LimitRule, factor: number): number {
  const share = Math.max(factor, minFactor);
  return share >= 1 || limit === 0 ? limit : Math.max(1, Math.floor(limit * share));
}
