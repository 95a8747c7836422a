import {
  type Ledger,
  type LimitPlan,
  type LimitRule,
  readingWidth,
  type RuleGroup,
  type StoreObserver,
  type Verdict,
} from '../store.ts';
import { answerOf } from './answer.ts';
import { decideApart } from './apart.ts';
import { Batches } from './batches.ts';
import type { RedisConnection } from './connection.ts';
import { Corrections } from './corrections.ts';
import { DenyCache } from './deny-cache.ts';
import type { Grant } from './leases/leased-limit.ts';
import { LocalLedger } from '../outage/local-ledger.ts';
import type { ResolvedRedisStoreOptions } from './options.ts';
import { PlanScripts } from './plan-scripts.ts';
import { Questions } from './questions.ts';
import { Remote } from './remote.ts';
import type { RedisScript } from './script.ts';
import { StandIn } from './stand-in.ts';
import { type Attempt, StoreHealth } from '../outage/store-health.ts';
import type { SubjectKeys } from './subject-keys.ts';

/** Decides in Redis, by what Redis has refused before, and in this process while Redis does not answer. */
export class RedisLedger implements Ledger {
  readonly #connection: RedisConnection;
  readonly #plan: LimitPlan;
  readonly #scripts: PlanScripts;
  readonly #health: StoreHealth;
  readonly #remote: Remote;
  readonly #batches: Batches;
  readonly #local: LocalLedger;
  readonly #denied: DenyCache | undefined;
  readonly #corrections: Corrections;
  readonly #questions: Questions;
  readonly #standIn: StandIn;

  constructor(connection: RedisConnection, options: ResolvedRedisStoreOptions, plan: LimitPlan) {
    const { clock, observer, rules } = plan;
    const { timeoutMs, probeIntervalMs, maxDeniedSubjects, time } = options;
    const scripts = new PlanScripts(rules, time);
    this.#connection = connection;
    this.#plan = plan;
    this.#scripts = scripts;
    this.#questions = new Questions(options.prefix, plan.name, scripts);
    this.#health = new StoreHealth(clock, this.#observer(), probeIntervalMs);
    this.#remote = new Remote({ connection, clock, timeoutMs, time });
    this.#batches = new Batches(this.#remote, scripts, clock, (values) => {
      for (let i = 0; i < values; i += 1) observer.failed();
    });
    this.#denied =
      maxDeniedSubjects === 0
        ? undefined
        : new DenyCache(
            maxDeniedSubjects,
            () => clock.now(),
            (scope, subject) => this.#questions.keysOf(scope).find(subject),
          );
    this.#local = new LocalLedger(clock, rules, {
      shareRatio: options.localShareRatio,
      probeIntervalMs,
      maxSubjects: options.maxLocalSubjects,
    });
    this.#standIn = new StandIn(this.#local, this.#questions, clock);
    const outdate = (scope: string, subject: string): void => this.#denied?.forget(scope, subject);
    this.#corrections = new Corrections({
      scripts,
      local: this.#local,
      clock,
      maxDebts: options.maxLocalSubjects,
      isOut: () => this.#health.isOut(connection.status),
      recall: (scope, subject) => this.#standIn.recall(scope, subject),
      run: (script, scope, subject, args) => this.#run(script, scope, subject, args),
      outdate,
      forgive: (scope, subject) => {
        outdate(scope, subject);
        this.#questions.keysOf(scope).find(subject)?.forget();
      },
    });
  }

  get trackedSubjects(): number {
    return this.#local.trackedSubjects + (this.#denied?.size ?? 0);
  }

  decide(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    factor: number,
  ): Verdict | Promise<Verdict> {
    const denied = cost > 0 ? this.#denied?.verdict(groups, subjects, cost, factor) : undefined;
    if (denied !== undefined) return denied;
    const attempt = this.#health.attempt(this.#connection.status);
    if (attempt === undefined) return this.#decideLocally(groups, subjects, cost, factor);
    const own = subjects.slice();
    if (this.#connection.opened?.isCluster === true)
      return this.#askApart(groups, own, cost, factor, attempt);
    return new Promise((resolve) => {
      this.#ask(groups, own, cost, factor, attempt, '', (verdict) =>
        resolve(verdict ?? this.#standIn.decide(groups, own, cost, factor)),
      );
    });
  }

  adjust(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    chargedAt: number,
  ): Promise<void> {
    const chargedHereAt = StandIn.localInstant(chargedAt);
    if (chargedHereAt === undefined) return this.#corrections.adjust(groups, subjects, cost, chargedAt);
    return this.#corrections.adjustLocal(groups, subjects, cost, chargedHereAt);
  }

  penalize(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): Promise<void> {
    return this.#corrections.penalize(groups, subjects.slice(), cost);
  }

  block(scope: string, subject: string, forMs: number): Promise<void> {
    return this.#corrections.block(scope, subject, forMs);
  }

  reset(scope: string, subject: string, rules: readonly LimitRule[] | undefined): Promise<void> {
    return this.#corrections.reset(scope, subject, rules);
  }

  /** Runs the script that settles a lease and grants the next; `undefined` where nobody knows what came of it. */
  renew(rule: LimitRule, args: readonly (string | number)[]): Promise<Grant | undefined> {
    const known = this.#questions.keysOf(rule.scope).of('');
    const askedAt = this.#plan.clock.now();
    return this.#send(this.#scripts.lease, [known.key, `${known.key}:${rule.name}`], args, (reply) => {
      if (!Array.isArray(reply)) return undefined;
      const [chargedAt, granted, left] = reply.map(Number) as [number, number, number];
      known.heard({ scope: rule.scope, rules: [rule] }, [0, left, 0, rule.windowMs], 0, askedAt);
      return { chargedAt, granted, left };
    });
  }

  #askApart(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    factor: number,
    attempt: Attempt,
  ): Promise<Verdict> {
    const { apart, keys } = this.#questions.about(groups);
    const alone = (group: RuleGroup, subject: string): Promise<Verdict | undefined> =>
      new Promise((resolve) => {
        const g = groups.indexOf(group);
        const { key } = (keys[g] as SubjectKeys).of(subject);
        this.#ask(apart[g] as readonly RuleGroup[], [subject], cost, factor, attempt, key, resolve);
      });
    return decideApart(groups, subjects, cost, alone, (group, subject, spent, chargedAt) =>
      this.#corrections.adjust([group], [subject], -spent, chargedAt),
    ).then((verdict) => verdict ?? this.#standIn.decide(groups, subjects, cost, factor));
  }

  /** @param batch - Calls of the same turn that name the same one go together. */
  #ask(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    factor: number,
    attempt: Attempt,
    batch: string,
    done: (verdict: Verdict | undefined) => void,
  ): void {
    const { codes, keys } = this.#questions.about(groups);
    const known = keys.map((each, g) => each.of(subjects[g] as string));
    const generation = this.#denied?.generation;
    const call = {
      keys: known.map(({ key }) => key),
      cost,
      factor,
      codes,
      answered: (reply: readonly unknown[], at: number, sentAt: number) => {
        const { verdict, blockedMs, next } = answerOf(groups, cost, reply, at);
        for (let g = 0, first = 0; g < groups.length; g += 1) {
          const group = groups[g] as RuleGroup;
          known[g]?.heard(group, verdict.readings, first, sentAt);
          first += group.rules.length * readingWidth;
        }
        if (cost > 0 && verdict.chargedAt === undefined && generation === this.#denied?.generation)
          this.#denied?.learn(groups, subjects, cost, factor, verdict, blockedMs, sentAt);
        done(verdict);
        return next;
      },
      failed: () => done(undefined),
    };
    this.#batches.add(call, attempt, batch);
  }

  /** Stands in for a store that was not asked: what is admitted is owed to it. */
  #decideLocally(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    factor: number,
  ): Verdict {
    const verdict = this.#standIn.decide(groups, subjects, cost, factor);
    if (verdict.chargedAt !== undefined) this.#corrections.owe(groups, subjects, cost);
    return verdict;
  }

  async #run(
    script: RedisScript,
    scope: string,
    subject: string,
    args: readonly (string | number)[],
  ): Promise<void> {
    const { key } = this.#questions.keysOf(scope).of(subject);
    await this.#send(script, [key], args, () => undefined);
  }

  /** Resolves to what `read` makes of the reply, at once when it comes; to `undefined` without one. */
  #send<Told>(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | number)[],
    read: (reply: unknown) => Told,
  ): Promise<Told | undefined> {
    const attempt = this.#health.attempt(this.#connection.status);
    if (attempt === undefined) {
      this.#plan.observer.failed();
      return Promise.resolve(undefined);
    }
    return new Promise((resolve) => {
      this.#remote.run(script, keys, args, (outcome) => {
        if ('failure' in outcome) {
          attempt.failed(outcome.failure);
          resolve(undefined);
          return;
        }
        attempt.succeeded();
        resolve(read(outcome.reply));
      });
    });
  }

  #observer(): StoreObserver {
    const { observer } = this.#plan;
    return {
      failed: () => observer.failed(),
      lost: (error) => {
        this.#standIn.outageBegins();
        observer.lost(error);
      },
      recovered: (outageMs) => {
        observer.recovered(outageMs);
        void this.#corrections.repay();
      },
    };
  }
}
