import type { Clock } from '@holdfast/core';
import type { RuleGroup, Verdict } from '../store.ts';
import type { LocalLedger } from '../outage/local-ledger.ts';
import type { Questions } from './questions.ts';

/**
 * Decides for a store that does not answer: a subject goes on with this process's share of what the store knew of it last.
 *
 * The instants of its charges are below 0, to tell them from those of the store.
 */
export class StandIn {
  readonly #local: LocalLedger;
  readonly #questions: Questions;
  readonly #clock: Clock;
  #outages = 0;

  constructor(local: LocalLedger, questions: Questions, clock: Clock) {
    this.#local = local;
    this.#questions = questions;
    this.#clock = clock;
  }

  /** An instant as the local ledger told it, from one of `decide`; `undefined` if the store told it. */
  static localInstant(chargedAt: number): number | undefined {
    return chargedAt < 0 ? -1 - chargedAt : undefined;
  }

  /** From now on what the store knew is what it says after this outage. */
  outageBegins(): void {
    this.#outages += 1;
  }

  decide(groups: readonly RuleGroup[], subjects: readonly string[], cost: number, factor: number): Verdict {
    for (let g = 0; g < groups.length; g += 1)
      this.recall((groups[g] as RuleGroup).scope, subjects[g] as string);
    const { source, readings, blockedMs, chargedAt } = this.#local.decide(groups, subjects, cost, factor);
    return { source, readings, blockedMs, chargedAt: chargedAt === undefined ? undefined : -1 - chargedAt };
  }

  /** Charges what the store knew of a subject, once per outage. */
  recall(scope: string, subject: string): void {
    const known = this.#questions.keysOf(scope).find(subject);
    const group = known?.untoldIn(this.#outages);
    if (known === undefined || group === undefined) return;
    const now = this.#clock.now();
    const spent = group.rules.map((rule) => Math.max(0, rule.burst - known.standing(rule, now).remaining));
    this.#local.seed(group, subject, spent);
  }
}
