import { wholeNumber } from '@holdfast/core';
import { isExceeded, type LimitState, limitStateOf, remainingOf, retryAfterMsOf } from './limit-state.ts';
import { type Selection, type Subject, subjectsOf } from './selector.ts';
import type { DecisionSource, Ledger, LimitRule, RuleGroup, Verdict } from './store.ts';

export type { LimitState } from './limit-state.ts';

const nothing: readonly never[] = [];

/**
 * What a limiter says about one call. Everything but `allowed` is worked out when it is read.
 *
 * Invariant: a call is corrected once. The first `refund` or `settle` counts, later ones do nothing.
 */
export class Decision<Name extends string = string> {
  readonly allowed: boolean;
  readonly #ledger: Ledger;
  readonly #selection: Selection;
  readonly #subject: Subject;
  readonly #cost: number;
  readonly #verdict: Verdict;
  #limits: { readonly [Limit in Name]?: LimitState } | undefined = undefined;
  #violated: readonly Name[] | undefined = undefined;
  #corrected = false;

  /** @internal */
  constructor(ledger: Ledger, selection: Selection, subject: Subject, cost: number, verdict: Verdict) {
    this.#ledger = ledger;
    this.#selection = selection;
    this.#subject = subject;
    this.#cost = cost;
    this.#verdict = verdict;
    const { chargedAt, blockedMs, readings } = verdict;
    this.allowed = chargedAt !== undefined || (blockedMs === 0 && !isRefused(selection.rules, readings));
  }

  /** `'local'`: the store failed and this process decided by itself. */
  get source(): DecisionSource {
    return this.#verdict.source;
  }

  /** A subject of the call is blocked: whatever it has left, the call was refused. */
  get blocked(): boolean {
    return this.#verdict.blockedMs > 0;
  }

  /** The limits that applied to the call. */
  get limits(): { readonly [Limit in Name]?: LimitState } {
    if (this.#limits !== undefined) return this.#limits;
    const limits: Record<string, LimitState> = {};
    for (const [i, rule] of this.#selection.rules.entries())
      limits[rule.name] = limitStateOf(rule, this.#verdict.readings, i);
    return (this.#limits = limits as { readonly [Limit in Name]?: LimitState });
  }

  /** Every limit that refused; empty if the call was allowed, or refused only because it is blocked. */
  get violated(): readonly Name[] {
    if (this.allowed) return nothing;
    return (this.#violated ??= this.#refusing().map(({ name }) => name as Name));
  }

  /**
   * The limit that matters most: of those that refused, the one with the longest wait; else the one with the least of
   * its quota left. `undefined` if no limit applied to the call that can refuse.
   */
  get binding(): Name | undefined {
    const { rules } = this.#selection;
    const { readings } = this.#verdict;
    let slowest: string | undefined;
    let scarcest: string | undefined;
    let longestMs = -1;
    let least = Infinity;
    for (const [i, { name, burst, shadow }] of rules.entries()) {
      if (shadow) continue;
      const retryAfterMs = retryAfterMsOf(readings, i);
      const left = burst === 0 ? 0 : remainingOf(readings, i) / burst;
      if (isExceeded(readings, i) && retryAfterMs > longestMs) [slowest, longestMs] = [name, retryAfterMs];
      if (left < least) [scarcest, least] = [name, left];
    }
    return (slowest ?? scarcest) as Name | undefined;
  }

  /** Until the same call could pass, if nobody else calls: 0 if allowed, `Infinity` if `impossible`. Rounded up. */
  get retryAfterMs(): number {
    if (this.allowed) return 0;
    // Not only of those that refused: a limit may have been used up by counting this attempt.
    return this.#selection.rules.reduce(
      (longestMs, { shadow }, i) =>
        shadow ? longestMs : Math.max(longestMs, retryAfterMsOf(this.#verdict.readings, i)),
      Math.ceil(this.#verdict.blockedMs),
    );
  }

  /** The cost is more than a limit that refused admits at all, at the factor of this decision: no wait helps. */
  get impossible(): boolean {
    return this.retryAfterMs === Infinity;
  }

  /** The store failed, and a limit refused because it is closed then. */
  get storeFailed(): boolean {
    if (this.allowed || this.source !== 'local') return false;
    return this.#refusing().some(({ onStoreError }) => onStoreError === 'closed');
  }

  /**
   * Gives back what the call was charged, or `cost` of it: the call failed for no fault of the caller, say. Limits that
   * count attempts keep it. Does nothing once corrected, if nothing was charged, or where the window is over.
   *
   * @param cost - a whole number of at least 0; at most what was charged is given back. Defaults to all of it.
   * @throws {InvalidOptionError} on another cost.
   */
  refund(cost: number = this.#cost): Promise<void> {
    return this.#correct(-Math.min(this.#cost, wholeNumber('cost', cost, 0)));
  }

  /**
   * Changes what the call was charged to what it turned out to cost (tokens, bytes, rows), even if that passes the limit:
   * later calls wait for it. What it cost more counts also where a reward or a reset has taken the charge. Limits that
   * count attempts stay. Does nothing once corrected, if nothing was charged, or where the window is over.
   *
   * @param actualCost - a whole number of at least 0.
   * @throws {InvalidOptionError} on another cost.
   */
  settle(actualCost: number): Promise<void> {
    return this.#correct(wholeNumber('actualCost', actualCost, 0) - this.#cost);
  }

  async #correct(cost: number): Promise<void> {
    const { chargedAt, readings } = this.#verdict;
    if (this.#corrected || chargedAt === undefined) return;
    this.#corrected = true;
    if (cost === 0) return;
    const subjects: string[] = [];
    const groups: RuleGroup[] = [];
    let i = 0;
    for (const [g, subject] of subjectsOf(this.#selection, this.#subject).entries()) {
      const { scope, rules } = this.#selection.groups[g] as RuleGroup;
      const from = i;
      const charged = rules.filter((rule, r) => !rule.countsAttempts && !isExceeded(readings, from + r));
      i += rules.length;
      if (charged.length === 0) continue;
      groups.push({ scope, rules: charged });
      subjects.push(subject);
    }
    await this.#ledger.adjust(groups, subjects, cost, chargedAt);
  }

  #refusing(): LimitRule[] {
    return this.#selection.rules.filter(({ shadow }, i) => !shadow && isExceeded(this.#verdict.readings, i));
  }
}

function isRefused(rules: readonly LimitRule[], readings: ArrayLike<number>): boolean {
  for (let i = 0; i < rules.length; i += 1)
    if (isExceeded(readings, i) && !(rules[i] as LimitRule).shadow) return true;
  return false;
}
