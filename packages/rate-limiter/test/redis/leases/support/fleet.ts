import type { Cancel, Clock } from '@holdfast/core';
import type { ManualClock } from '@holdfast/core/testing';
import type { Ledger, LimitRule, RuleGroup } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import type { Redis } from 'ioredis';

/** Of how much was admitted when, in milliseconds. */
export interface Admission {
  readonly at: number;
  cost: number;
}

export interface FleetOptions {
  readonly client: Redis;
  readonly clock: ManualClock;
  readonly rules: readonly LimitRule[];
  readonly size: number;
  readonly ttlMs: number;
  readonly prefix: string;
  /** What each is told of the size. */
  readonly instances?: number;
}

/** Processes that lease the same limits, each with a store of its own and all by one clock. */
export class Fleet {
  readonly admissions: Admission[] = [];
  readonly members: readonly Member[];
  leased = 0;
  refused = 0;
  readonly #options: FleetOptions;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.members = Array.from({ length: options.size }, () => new Member(options));
  }

  /** Calls at once; each is told with its instant if it is admitted. */
  async call(at: number, groups: readonly RuleGroup[], costs: readonly number[]): Promise<readonly Call[]> {
    const member = this.members[at] as Member;
    if (!member.lives) return [];
    const subjects = groups.map(({ scope }) => (scope === 'global' ? '' : 'alice'));
    const verdicts = costs.map((cost) => member.ledger.decide(groups, subjects, cost, 1));
    const calls: Call[] = [];
    for (const [i, verdict] of verdicts.entries()) {
      const { source, chargedAt } = await verdict;
      if (source === 'lease') this.leased += 1;
      if (chargedAt === undefined) this.refused += 1;
      else {
        const admission = { at: this.#options.clock.now(), cost: costs[i] as number };
        this.admissions.push(admission);
        calls.push({ ledger: member.ledger, groups, subjects, chargedAt, admission });
      }
    }
    return calls;
  }

  /** All that was sent is answered. */
  async answered(): Promise<void> {
    await this.#options.client.ping();
  }

  /** The most that was admitted in any interval of that length, open on the left. */
  worst(windowMs: number): number {
    let [most, sum, first] = [0, 0, 0];
    for (const { at, cost } of this.admissions) {
      sum += cost;
      for (; (this.admissions[first] as Admission).at <= at - windowMs; first += 1)
        sum -= (this.admissions[first] as Admission).cost;
      most = Math.max(most, sum);
    }
    return most;
  }

  /** How much was admitted after an instant. */
  since(instant: number): number {
    return this.admissions.reduce((sum, { at, cost }) => (at > instant ? sum + cost : sum), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { store, lives } of this.members) if (lives) await store[Symbol.asyncDispose]();
  }
}

export interface Call {
  readonly ledger: Ledger;
  readonly groups: readonly RuleGroup[];
  readonly subjects: readonly string[];
  readonly chargedAt: number;
  readonly admission: Admission;
}

/** A process that can be killed: then its timers do not run any more. */
class Member implements Clock {
  readonly store: RedisStore;
  readonly ledger: Ledger;
  lives = true;
  readonly #clock: ManualClock;

  constructor({ client, clock, rules, ttlMs, prefix, instances }: FleetOptions) {
    this.#clock = clock;
    this.store = new RedisStore(client, {
      timeoutMs: 10_000_000,
      time: 'client',
      prefix,
      instances,
      leases: { ttlMs },
    });
    const observer = { failed: () => undefined, lost: () => undefined, recovered: () => undefined };
    this.ledger = this.store.open({ name: 'fleet', rules, clock: this, observer });
  }

  now(): number {
    return this.#clock.now();
  }

  epoch(): number {
    return this.#clock.epoch();
  }

  schedule(task: () => void, delayMs: number, options?: { readonly background?: boolean }): Cancel {
    return this.#clock.schedule(() => this.lives && task(), delayMs, options);
  }
}
