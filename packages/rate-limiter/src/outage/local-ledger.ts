import type { Clock } from '@holdfast/core';
import { MemoryLedger } from '../memory/memory-ledger.ts';
import { type LimitRule, readingWidth, type RuleGroup, type Verdict } from '../store.ts';

/** A place that no limit can fill: an open rule admits whatever comes. */
const largestLimit = 2 ** 32 - 1;

export interface LocalLedgerOptions {
  readonly shareRatio: number;
  readonly probeIntervalMs: number;
  readonly maxSubjects: number;
}

/**
 * Decides in this process while the store fails, each limit as its `onStoreError` says: by this process's share of it, or
 * open, or closed.
 *
 * Invariant: in any window it admits at most `max(1, ⌈limit × share⌉)` of a limit, however often the store comes and goes;
 * it therefore keeps its counts when the store is back.
 */
export class LocalLedger {
  readonly #memory: MemoryLedger;
  readonly #options: LocalLedgerOptions;
  /** By index in the plan. */
  readonly #shares: readonly LimitRule[];
  readonly #groups = new WeakMap<RuleGroup, RuleGroup>();

  constructor(clock: Clock, rules: readonly LimitRule[], options: LocalLedgerOptions) {
    this.#options = options;
    this.#shares = rules.map((rule) => shareOf(rule, options.shareRatio));
    this.#memory = new MemoryLedger(clock, this.#shares, options.maxSubjects);
  }

  get trackedSubjects(): number {
    return this.#memory.trackedSubjects;
  }

  decide(groups: readonly RuleGroup[], subjects: readonly string[], cost: number, factor: number): Verdict {
    const { readings, blockedMs, chargedAt } = this.#memory.decide(
      this.#sharesOf(groups),
      subjects,
      cost,
      factor,
    );
    const told: number[] = [];
    let at = 0;
    for (const { rules } of groups)
      for (const rule of rules) {
        told.push(...this.#tell(rule, cost, readings, at));
        at += readingWidth;
      }
    return { source: 'local', readings: told, blockedMs, chargedAt };
  }

  /** Charges the subject as much as the store knew of it, as far as that is more than is known here. */
  seed({ scope, rules }: RuleGroup, subject: string, spent: readonly number[]): void {
    for (const [r, { index, onStoreError }] of rules.entries()) {
      if (onStoreError !== 'local') continue;
      const share = this.#shares[index] as LimitRule;
      const group = [{ scope, rules: [share] }];
      const part = Math.min(share.burst, Math.ceil((spent[r] as number) * this.#options.shareRatio));
      const [, left = 0] = Array.from(this.#memory.decide(group, [subject], 0, 1).readings);
      const known = share.burst - left;
      if (part > known) this.#memory.penalize(group, [subject], part - known);
    }
  }

  adjust(groups: readonly RuleGroup[], subjects: readonly string[], cost: number, chargedAt: number): void {
    this.#memory.adjust(this.#sharesOf(groups), subjects, cost, chargedAt);
  }

  penalize(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): void {
    this.#memory.penalize(this.#sharesOf(groups), subjects, cost);
  }

  block(scope: string, subject: string, forMs: number): void {
    this.#memory.block(scope, subject, forMs);
  }

  reset(scope: string, subject: string, rules: readonly LimitRule[] | undefined): void {
    const shares = rules?.map(({ index }) => this.#shares[index] as LimitRule);
    this.#memory.reset(scope, subject, shares);
  }

  #sharesOf(groups: readonly RuleGroup[]): readonly RuleGroup[] {
    return groups.map((group) => {
      let shares = this.#groups.get(group);
      if (shares === undefined) {
        const rules = group.rules.map(({ index }) => this.#shares[index] as LimitRule);
        this.#groups.set(group, (shares = { scope: group.scope, rules }));
      }
      return shares;
    });
  }

  /** The reading of the share at `at`, as one of the rule. */
  #tell(rule: LimitRule, cost: number, readings: ArrayLike<number>, at: number): readonly number[] {
    if (rule.onStoreError === 'open' && rule.limit > 0) return [0, rule.burst, 0, 0];
    const [exceeded, left, waitMs, emptyMs] = [
      readings[at],
      readings[at + 1],
      readings[at + 2],
      readings[at + 3],
    ];
    // What only a share or a closed limit refuses for ever may pass again once the store is back.
    const mayPass = waitMs === Infinity && rule.limit > 0 && Math.max(1, cost) <= rule.burst;
    return [exceeded, left, mayPass ? this.#options.probeIntervalMs : waitMs, emptyMs] as number[];
  }
}

/** What this process may admit by itself: at least 1, except where nothing is ever admitted. */
function shareOf(rule: LimitRule, ratio: number): LimitRule {
  if (rule.limit === 0) return rule;
  if (rule.onStoreError === 'closed') return { ...rule, limit: 0, burst: 0 };
  if (rule.onStoreError === 'open') return { ...rule, shadow: true, limit: largestLimit };
  const part = (whole: number): number => Math.max(1, Math.ceil(whole * ratio));
  return { ...rule, limit: part(rule.limit), burst: part(rule.burst) };
}
