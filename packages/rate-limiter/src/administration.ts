import { duration, type EventHub, InvalidOptionError, wholeNumber } from '@holdfast/core';
import type { RateLimiterEvent } from './events.ts';
import { largestCost } from './limit-options.ts';
import type { Penalties } from './penalties.ts';
import { type Selector, type Subject, subjectIn, subjectsOf } from './selector.ts';
import type { Ledger } from './store.ts';

/** What is done to subjects by hand: under their own limits, whatever the tags, never under those that all share. */
export class Administration {
  readonly #limiter: string;
  readonly #ledger: Ledger;
  readonly #selector: Selector;
  readonly #penalties: Penalties;
  readonly #hub: EventHub<RateLimiterEvent>;

  constructor(
    limiter: string,
    parts: {
      readonly ledger: Ledger;
      readonly selector: Selector;
      readonly penalties: Penalties;
      readonly hub: EventHub<RateLimiterEvent>;
    },
  ) {
    this.#limiter = limiter;
    this.#ledger = parts.ledger;
    this.#selector = parts.selector;
    this.#penalties = parts.penalties;
    this.#hub = parts.hub;
  }

  async penalize(subject: Subject, cost: number): Promise<void> {
    await this.#charge(subject, wholeNumber('cost', cost, 1, largestCost));
  }

  async reward(subject: Subject, cost: number): Promise<void> {
    await this.#charge(subject, -wholeNumber('cost', cost, 1, largestCost));
  }

  async block(subject: Subject, forMs: number, reason: string | undefined): Promise<void> {
    duration('forMs', forMs, 1);
    const { groups } = this.#selector.selectOwn(subject);
    for (const { scope } of groups) {
      const own = subjectIn(scope, subject);
      await this.#ledger.block(scope, own, forMs);
      if (this.#hub.observed)
        this.#hub.emit({
          type: 'blocked',
          limiter: this.#limiter,
          scope,
          subject: own,
          forMs,
          limit: undefined,
          reason,
        });
    }
  }

  async unblock(subject: Subject): Promise<void> {
    this.#forgive(subject);
    for (const { scope } of this.#selector.selectOwn(subject).groups) {
      const own = subjectIn(scope, subject);
      await this.#ledger.block(scope, own, 0);
      if (this.#hub.observed)
        this.#hub.emit({ type: 'unblocked', limiter: this.#limiter, scope, subject: own });
    }
  }

  async reset(subject: Subject, limitNames: readonly string[] | undefined): Promise<void> {
    const { groups, rules } = this.#selector.selectOwn(subject);
    const wrong = limitNames?.find((name) => !rules.some((rule) => rule.name === name));
    if (wrong !== undefined)
      throw new InvalidOptionError('limitNames', 'names of limits of the subject', wrong);
    if (limitNames === undefined) this.#forgive(subject);
    for (const { scope, rules: own } of groups) {
      const named = limitNames && own.filter(({ name }) => limitNames.includes(name));
      if (named?.length !== 0) await this.#ledger.reset(scope, subjectIn(scope, subject), named);
    }
  }

  async #charge(subject: Subject, cost: number): Promise<void> {
    const selection = this.#selector.selectOwn(subject);
    await this.#ledger.penalize(selection.groups, subjectsOf(selection, subject), cost);
  }

  /** The next penalty begins with the shortest block. */
  #forgive(subject: Subject): void {
    for (const rule of this.#selector.selectOwn(subject).rules)
      this.#penalties.forget(rule, subjectIn(rule.scope, subject));
  }
}
