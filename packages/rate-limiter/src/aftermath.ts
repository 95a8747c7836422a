import type { Clock, EventHub } from '@holdfast/core';
import { BurstEpisodes } from './burst-episodes.ts';
import { Decision } from './decision.ts';
import type { RateLimiterEvent } from './events.ts';
import { isExceeded, remainingOf } from './limit-state.ts';
import type { Penalties } from './penalties.ts';
import { type Selection, type Subject, subjectIn } from './selector.ts';
import type { Ledger, LimitRule, Verdict } from './store.ts';
import type { Tally } from './tally.ts';

/** What follows a decision: it is counted, and a refusal is punished and told. */
export class Aftermath {
  readonly #limiter: string;
  readonly #ledger: Ledger;
  readonly #penalties: Penalties;
  readonly #tally: Tally;
  readonly #hub: EventHub<RateLimiterEvent>;
  readonly #bursts: BurstEpisodes;
  readonly #anyShadow: boolean;
  readonly #anyAttempts: boolean;

  constructor(
    limiter: string,
    clock: Clock,
    rules: readonly LimitRule[],
    parts: {
      readonly ledger: Ledger;
      readonly penalties: Penalties;
      readonly tally: Tally;
      readonly hub: EventHub<RateLimiterEvent>;
    },
  ) {
    this.#limiter = limiter;
    this.#ledger = parts.ledger;
    this.#penalties = parts.penalties;
    this.#tally = parts.tally;
    this.#hub = parts.hub;
    this.#bursts = new BurstEpisodes(clock);
    this.#anyShadow = rules.some(({ shadow }) => shadow);
    this.#anyAttempts = rules.some(({ countsAttempts }) => countsAttempts);
  }

  /** Returns the decision to give: a block that a refusal began is in it. */
  of(selection: Selection, subject: Subject, cost: number, verdict: Verdict): Decision {
    const decision = new Decision(this.#ledger, selection, subject, cost, verdict);
    if (this.#anyAttempts && this.#hub.observed) this.#followBursts(selection, subject, cost, verdict);
    if (!decision.allowed) return this.#refuse(decision, selection, subject, cost, verdict);
    this.#tally.allowed(verdict.source);
    if (this.#anyShadow) this.#count(selection, verdict);
    return decision;
  }

  #refuse(
    decision: Decision,
    selection: Selection,
    subject: Subject,
    cost: number,
    verdict: Verdict,
  ): Decision {
    this.#count(selection, verdict);
    const punishes = !decision.blocked && cost > 0 && verdict.source !== 'local';
    const blockedMs = punishes ? this.#punish(selection, subject, verdict) : verdict.blockedMs;
    const refused =
      blockedMs === verdict.blockedMs
        ? decision
        : new Decision(this.#ledger, selection, subject, cost, { ...verdict, blockedMs });
    this.#tally.rejected(refused);
    if (this.#hub.observed) this.#tellRejected(subject, refused);
    return refused;
  }

  #count({ rules }: Selection, { readings }: Verdict): void {
    for (let i = 0; i < rules.length; i += 1)
      if (isExceeded(readings, i)) this.#tally.exceeded(rules[i] as LimitRule);
  }

  #followBursts({ rules }: Selection, subject: Subject, cost: number, { source, readings }: Verdict): void {
    for (const [i, rule] of rules.entries()) {
      if (!rule.countsAttempts) continue;
      // A limit that is closed because the store failed has no room for anybody.
      if (source === 'local' && rule.onStoreError === 'closed') continue;
      const own = subjectIn(rule.scope, subject);
      if (!isExceeded(readings, i)) this.#bursts.calms(rule, own, remainingOf(readings, i));
      else if (cost > 0 && this.#bursts.begins(rule, own))
        this.#hub.emit({ type: 'burst', limiter: this.#limiter, limit: rule.name, subject: own });
    }
  }

  /**
   * Begins the blocks that the refusing limits ask for; returns the longest, 0 if there is none. Nobody is punished for a
   * look, nor by a share of a limit while the store fails.
   */
  #punish({ rules }: Selection, subject: Subject, { readings }: Verdict): number {
    let longestMs = 0;
    for (let i = 0; i < rules.length; i += 1) {
      const rule = rules[i] as LimitRule;
      if (rule.shadow || !isExceeded(readings, i)) continue;
      const own = subjectIn(rule.scope, subject);
      const forMs = this.#penalties.blockMsFor(rule, own);
      if (forMs === 0) continue;
      longestMs = Math.max(longestMs, forMs);
      // Nobody waits for it: the call is refused already, and a ledger does not reject.
      void this.#ledger.block(rule.scope, own, forMs);
      this.#tellBlocked(rule, own, forMs);
    }
    return longestMs;
  }

  #tellBlocked({ name, scope }: LimitRule, subject: string, forMs: number): void {
    const { observed } = this.#hub;
    if (observed)
      this.#hub.emit({
        type: 'blocked',
        limiter: this.#limiter,
        scope,
        subject,
        forMs,
        limit: name,
        reason: undefined,
      });
  }

  #tellRejected(subject: Subject, { binding, violated, blocked, retryAfterMs, source }: Decision): void {
    this.#hub.emit({
      type: 'rejected',
      limiter: this.#limiter,
      subject,
      binding: violated.length === 0 ? undefined : binding,
      violated,
      blocked,
      retryAfterMs,
      source,
    });
  }
}
