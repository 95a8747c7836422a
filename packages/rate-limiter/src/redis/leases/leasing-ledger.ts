import { randomUUID } from 'node:crypto';
import type { Clock } from '@holdfast/core';
import type { Ledger, LimitPlan, LimitRule, RuleGroup, Verdict } from '../../store.ts';
import type { RedisLedger } from '../ledger.ts';
import { type Grant, LeasedLimit } from './leased-limit.ts';
import { leasable, type ResolvedLeaseOptions } from './options.ts';
import { joinReadings, type Split, split } from './split.ts';

/**
 * Decides under limits that all share by what was charged to them in advance, and asks another ledger about the rest of a
 * call: where a lease is too small, about all of it.
 *
 * Invariants, for n processes that hold at most B each of a limit, together half of it at most if `instances` says how many
 * they are:
 * - What was charged in advance is used, given back, or stays charged: after the last settlement a limit counts what was
 *   admitted, and never less.
 * - A strict limit admits what it admits without leases, in any window: what is held counts until it is settled, and what was
 *   used counts from then on. Only what was used of leases that are not settled counts from too early on: where their
 *   processes were killed or cut off from the server, or calls given back while a lease is renewed, a window admits up to
 *   n · B more.
 * - A smooth limit pays off what is held as well, and so admits up to n · B more in any case.
 */
export class LeasingLedger implements Ledger, AsyncDisposable {
  readonly #ledger: RedisLedger;
  readonly #clock: Clock;
  readonly #options: ResolvedLeaseOptions;
  /** Among those that hold leases. */
  readonly #holder = randomUUID();
  /** By index in the plan. */
  readonly #leases: readonly (LeasedLimit | undefined)[];
  readonly #splits = new WeakMap<readonly RuleGroup[], Split>();

  /** @throws {InvalidOptionError} if none of the limits can be leased, or one for a part of its window only. */
  constructor(ledger: RedisLedger, { rules, clock }: LimitPlan, options: ResolvedLeaseOptions) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#options = options;
    const leased = leasable(rules, options);
    this.#leases = rules.map((rule) =>
      leased.includes(rule)
        ? new LeasedLimit(rule, options.ttlMs, clock, (renewed, args) => this.#renew(renewed, args))
        : undefined,
    );
  }

  get trackedSubjects(): number {
    return this.#ledger.trackedSubjects;
  }

  decide(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    factor: number,
  ): Verdict | Promise<Verdict> {
    const parts = this.#split(groups);
    if (parts.leased.length === 0) return this.#ledger.decide(groups, subjects, cost, factor);
    const now = this.#clock.now();
    if (!parts.leased.every((limit) => limit.covers(cost, now)))
      return this.#ask(parts, groups, subjects, cost, factor);
    for (const limit of parts.leased) limit.take(cost, now, factor);
    if (parts.others.length === 0) return this.#verdict(parts, cost, undefined);
    const own = parts.places.map((g) => subjects[g] as string);
    const verdict = this.#ledger.decide(parts.others, own, cost, factor);
    return verdict instanceof Promise
      ? verdict.then((late) => this.#verdict(parts, cost, late))
      : this.#verdict(parts, cost, verdict);
  }

  adjust(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    chargedAt: number,
  ): void | Promise<void> {
    const rest: RuleGroup[] = [];
    const own: string[] = [];
    for (const [g, { scope, rules }] of groups.entries()) {
      const asked = rules.filter(({ index }) => this.#leases[index]?.correct(cost, chargedAt) !== true);
      if (asked.length === 0) continue;
      rest.push({ scope, rules: asked });
      own.push(subjects[g] as string);
    }
    return rest.length === 0 ? undefined : this.#ledger.adjust(rest, own, cost, chargedAt);
  }

  penalize(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): Promise<void> {
    return this.#ledger.penalize(groups, subjects, cost);
  }

  block(scope: string, subject: string, forMs: number): Promise<void> {
    return this.#ledger.block(scope, subject, forMs);
  }

  reset(scope: string, subject: string, rules: readonly LimitRule[] | undefined): Promise<void> {
    return this.#ledger.reset(scope, subject, rules);
  }

  /** Gives back what is left of all leases, as far as the server can be reached. */
  async [Symbol.asyncDispose](): Promise<void> {
    const leased = this.#leases.filter((limit) => limit !== undefined);
    await Promise.all(leased.map((limit) => limit[Symbol.asyncDispose]()));
  }

  #split(groups: readonly RuleGroup[]): Split {
    let parts = this.#splits.get(groups);
    if (parts === undefined) this.#splits.set(groups, (parts = split(groups, this.#leases)));
    return parts;
  }

  /** Where there was room for the call there may be some for a lease. */
  #ask(
    { leased }: Split,
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    factor: number,
  ): Verdict | Promise<Verdict> {
    const verdict = this.#ledger.decide(groups, subjects, cost, factor);
    if (!(verdict instanceof Promise)) return verdict;
    return verdict.then((late) => {
      if (late.chargedAt !== undefined && late.source === 'redis')
        for (const limit of leased) limit.spent(cost, this.#clock.now(), factor);
      return late;
    });
  }

  /** The verdict on a call that took from leases, by what was decided about the rest of it. */
  #verdict(parts: Split, cost: number, rest: Verdict | undefined): Verdict {
    const { leased } = parts;
    const isRefused = cost > 0 && rest !== undefined && rest.chargedAt === undefined;
    if (isRefused) for (const limit of leased) limit.giveBack(cost);
    const source = rest === undefined || rest.source === 'redis' ? 'lease' : rest.source;
    const readings = joinReadings(parts, rest?.readings ?? [], this.#clock.now());
    if (rest !== undefined) return { ...rest, source, readings };
    const chargedAt = cost > 0 ? Math.max(...leased.map((limit) => limit.chargedAt)) : undefined;
    return { source, readings, blockedMs: 0, chargedAt };
  }

  #renew(rule: LimitRule, args: readonly number[]): Promise<Grant | undefined> {
    const { ttlMs, instances } = this.#options;
    // A holder that is late is not taken for gone.
    const staysUs = 2 * ttlMs * 1_000;
    return this.#ledger.renew(rule, [rule.index + 1, ...args, this.#holder, staysUs, instances]);
  }
}
