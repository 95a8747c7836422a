import { hash } from 'node:crypto';
import type { Clock } from '@holdfast/core';
import { consume } from './consume.lua.ts';
import { RateLimitStoreError } from './errors.ts';
import { MemoryLedger } from './memory-store.ts';
import type { RedisClient } from './redis-client.ts';
import type { RedisConnection } from './redis-connection.ts';
import type { ResolvedRedisStoreOptions } from './redis-options.ts';
import { RedisScript } from './redis-script.ts';
import { refund } from './refund.lua.ts';
import {
  type Ledger,
  type LimitPlan,
  type LimitRule,
  readingWidth,
  type RuleGroup,
  type StoreObserver,
  type Verdict,
} from './store.ts';
import { type Attempt, StoreHealth } from './store-health.ts';

const consumeScript = new RedisScript(consume);
const refundScript = new RedisScript(refund);

/** Decides in Redis, and by a ledger in memory while Redis does not answer. */
export class RedisLedger implements Ledger {
  readonly #connection: RedisConnection;
  readonly #options: ResolvedRedisStoreOptions;
  readonly #clock: Clock;
  readonly #observer: StoreObserver;
  readonly #health: StoreHealth;
  readonly #local: MemoryLedger;
  /** This process's share of each rule, by index. */
  readonly #localRules: readonly LimitRule[];
  readonly #keyPrefix: string;

  constructor(connection: RedisConnection, options: ResolvedRedisStoreOptions, plan: LimitPlan) {
    const { name, clock, observer, rules } = plan;
    this.#connection = connection;
    this.#options = options;
    this.#clock = clock;
    this.#observer = observer;
    this.#health = new StoreHealth(clock, observer, options.probeIntervalMs);
    this.#localRules = rules.map((rule) => shareOf(rule, options.localShareRatio));
    this.#local = new MemoryLedger(clock, rules, new Map(), options.maxLocalSubjects);
    this.#keyPrefix = `${options.prefix}:{${name}:`;
  }

  get trackedSubjects(): number {
    return this.#local.trackedSubjects;
  }

  decide(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
  ): Verdict | Promise<Verdict> {
    const attempt = this.#health.attempt(this.#connection.status);
    if (attempt === undefined) return this.#decideLocally(groups, subjects, cost);
    return this.#ask(attempt, this.#run(groups, subjects, cost)).then((readings) =>
      readings === undefined ? this.#decideLocally(groups, subjects, cost) : { source: 'redis', readings },
    );
  }

  /** The readings, or `undefined` when the answer fails or does not come in time; a late one is dropped. */
  #ask(attempt: Attempt, answer: Promise<readonly number[]>): Promise<readonly number[] | undefined> {
    const { timeoutMs } = this.#options;
    return new Promise((resolve) => {
      let waiting = true;
      const settle = (readings: readonly number[] | undefined, error?: unknown): void => {
        if (!waiting) return;
        waiting = false;
        cancel();
        if (readings === undefined) attempt.failed(error);
        else attempt.succeeded();
        resolve(readings);
      };
      const cancel = this.#clock.schedule(
        () => settle(undefined, new RateLimitStoreError(`the store did not answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
      answer.then(settle, (error: unknown) => settle(undefined, error));
    });
  }

  async #run(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
  ): Promise<readonly number[]> {
    const client = await this.#connection.client();
    const keys = groups.map(({ scope }, i) => this.#keyOf(scope, subjects[i] as string));
    if (client.isCluster !== true || groups.length === 1) {
      const [, ...readings] = await this.#consume(client, keys, groups, cost);
      return toMs(readings);
    }
    const replies = await Promise.all(
      groups.map((group, i) => this.#consume(client, [keys[i] as string], [group], cost)),
    );
    return this.#compensate(client, keys, groups, cost, replies);
  }

  /** All or nothing over several slots: where one refused, the others give back what they charged. */
  async #compensate(
    client: RedisClient,
    keys: readonly string[],
    groups: readonly RuleGroup[],
    cost: number,
    replies: readonly (readonly number[])[],
  ): Promise<readonly number[]> {
    const refused = replies.map((reply) => refuses(reply));
    const undo = cost > 0 && refused.includes(true);
    const settled = replies.map(async ([chargedAt = 0, ...readings], i) => {
      if (!undo || refused[i] === true) return toMs(readings);
      const names = (groups[i] as RuleGroup).rules.map(({ name }) => name);
      const refunded = refundScript.run(client, [keys[i] as string], [cost, chargedAt, ...names]);
      await refunded.catch(() => this.#observer.failed());
      return toMs(readings).map((reading, at) => {
        if (at % readingWidth === 1) return reading + cost;
        return at % readingWidth === 2 ? 0 : reading;
      });
    });
    return (await Promise.all(settled)).flat();
  }

  async #consume(
    client: RedisClient,
    keys: readonly string[],
    groups: readonly RuleGroup[],
    cost: number,
  ): Promise<readonly number[]> {
    const now = this.#options.time === 'client' ? Math.round(this.#clock.epoch() * 1_000) : '';
    const args: (string | number)[] = [cost, now];
    for (const { rules } of groups) {
      args.push(rules.length);
      for (const { name, limit, windowMs, cells } of rules) args.push(name, limit, windowMs * 1_000, cells);
    }
    return (await consumeScript.run(client, keys, args)) as readonly number[];
  }

  /** The subject is hashed: a key has a bounded length, and nothing in a subject means anything to Redis. */
  #keyOf(scope: string, subject: string): string {
    // Lone surrogates would all be the same in UTF-8, and subjects that have them would share their counts.
    const content = subject.isWellFormed() ? subject : Buffer.from(subject, 'utf16le');
    const digest = hash('sha256', content, 'base64url').slice(0, 22);
    return `${this.#keyPrefix}${scope}:${digest}}`;
  }

  #decideLocally(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): Verdict {
    const shares = groups.map(({ scope, rules }) => ({
      scope,
      rules: rules.map(({ index }) => this.#localRules[index] as LimitRule),
    }));
    const { readings } = this.#local.decide(shares, subjects, cost);
    const limits = groups.flatMap(({ rules }) => rules.map(({ limit }) => limit));
    // A copy: the ledger reuses its own. A cost above the share alone passes again once the store is back.
    const copy = Array.from(readings).map((reading, at) =>
      reading === Infinity && Math.max(1, cost) <= (limits[Math.floor(at / readingWidth)] as number)
        ? this.#options.probeIntervalMs
        : reading,
    );
    return { source: 'local', readings: copy };
  }
}

/** What this process may admit while it cannot ask: at least 1, except where nothing is ever admitted. */
function shareOf(rule: LimitRule, ratio: number): LimitRule {
  return { ...rule, limit: rule.limit === 0 ? 0 : Math.max(1, Math.ceil(rule.limit * ratio)) };
}

/** Whether a reply of `consume`, whose first number is the instant, has a limit that refused. */
function refuses(reply: readonly number[]): boolean {
  return reply.some((value, at) => at > 0 && (at - 1) % readingWidth === 0 && value === 1);
}

/** Turns the microseconds of a reply into milliseconds, and -1 into never. */
function toMs(readings: readonly number[]): number[] {
  return readings.map((reading, at) => {
    if (at % readingWidth < 2) return reading;
    return reading === -1 ? Infinity : reading / 1_000;
  });
}
