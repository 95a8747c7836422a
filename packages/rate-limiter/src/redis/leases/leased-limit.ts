import type { Cancel, Clock } from '@holdfast/core';
import { limitAt, type LimitRule } from '../../store.ts';
import { Demand } from './demand.ts';
import { Lease } from './lease.ts';

/** A smaller one costs as many calls as it spares. */
const leastLease = 2;

/** What the server says to a renewal. */
export interface Grant {
  /** On the server's scale. */
  readonly chargedAt: number;
  /** What is held from now on. */
  readonly granted: number;
  /** What is left for others. */
  readonly left: number;
}

/**
 * Settles a lease and asks for the next. The arguments are those of the script, from the limit on to what is wanted.
 * Resolves to `undefined` where nobody knows what came of it.
 */
export type Renew = (rule: LimitRule, args: readonly number[]) => Promise<Grant | undefined>;

/**
 * One limit of which this process spends a part without asking. It asks for half of what it spent in about the last `ttlMs`,
 * so a lease lasts half its time and little is held that is not needed.
 *
 * Leases are settled when they run low, when they expire, and at the end; one settlement is under way at a time, and nobody
 * waits for it. Between calls there is a timer only while a lease is held, and it keeps no process alive.
 */
export class LeasedLimit implements AsyncDisposable {
  readonly rule: LimitRule;
  readonly #ttlMs: number;
  readonly #clock: Clock;
  readonly #ask: Renew;
  readonly #demand: Demand;
  readonly #lease = new Lease();
  /** What was left for others when the server was asked last. */
  #others = 0;
  #factor = 1;
  /** No use in asking before, as there was too little to get, or nobody to ask. */
  #askAgainAt = -Infinity;
  #renewing: Promise<void> | undefined;
  #cancelExpiry: Cancel | undefined;
  #closed = false;

  constructor(rule: LimitRule, ttlMs: number, clock: Clock, ask: Renew) {
    this.rule = rule;
    this.#ttlMs = ttlMs;
    this.#clock = clock;
    this.#ask = ask;
    this.#demand = new Demand(ttlMs);
  }

  /** When what is held was charged, on the server's scale. */
  get chargedAt(): number {
    return this.#lease.chargedAt;
  }

  /** What may still be spent, here and by asking. */
  remainingAt(now: number): number {
    return this.#others + this.#lease.leftAt(now);
  }

  /** Whether a call can go without asking. */
  covers(cost: number, now: number): boolean {
    return this.#lease.leftAt(now) >= Math.max(1, cost);
  }

  take(cost: number, now: number, factor: number): void {
    this.#lease.use(cost);
    this.spent(cost, now, factor);
  }

  /** A call passed, by what is held or because the server was asked about it. */
  spent(cost: number, now: number, factor: number): void {
    this.#factor = factor;
    this.#demand.note(cost, now);
    if (!this.#lease.isLow || this.#renewing !== undefined || now < this.#askAgainAt) return;
    const wanted = this.#wantedAt(now);
    if (wanted > 0) this.#renew(wanted);
  }

  /** The call that took it was refused by another limit. */
  giveBack(cost: number): void {
    this.#lease.use(-cost);
    this.#demand.note(-cost, this.#clock.now());
    this.#watch();
  }

  /** As {@link Lease.correct}. */
  correct(cost: number, chargedAt: number): boolean {
    return this.#lease.correct(cost, chargedAt);
  }

  /** Gives back what is left. Nothing is leased afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#renewing;
    if (!this.#lease.isSettled) this.#renew(0);
    await this.#renewing;
    this.#cancelExpiry?.();
  }

  #wantedAt(now: number): number {
    const wanted = Math.floor(this.#demand.at(now) / 2);
    return wanted >= leastLease && !this.#closed ? wanted : 0;
  }

  #renew(wanted: number): void {
    this.#cancelExpiry?.();
    this.#cancelExpiry = undefined;
    this.#renewing = this.#settle(wanted).finally(() => {
      this.#renewing = undefined;
      this.#watch();
    });
  }

  async #settle(wanted: number): Promise<void> {
    const sentAt = this.#clock.now();
    const settlement = this.#lease.settle(wanted);
    const { charged, chargedAt, used, kept } = settlement;
    const limit = limitAt(this.rule, this.#factor);
    const args = [limit, charged, charged === 0 ? 0 : chargedAt, used, kept, wanted];
    const grant = await this.#ask(this.rule, args);
    if (grant === undefined) {
      this.#askAgainAt = this.#clock.now() + this.#ttlMs;
      if (wanted === 0) this.#lease.abandon(settlement);
      return;
    }
    this.#lease.renew(settlement, grant.granted, grant.chargedAt, sentAt + this.#ttlMs);
    this.#others = grant.left;
    if (grant.granted < leastLease) this.#askAgainAt = sentAt + this.#ttlMs;
  }

  /** Sees to it that what is held is settled when it expires. */
  #watch(): void {
    if (this.#lease.isSettled || this.#renewing !== undefined || this.#cancelExpiry !== undefined) return;
    const now = this.#clock.now();
    const expire = (): void => this.#renew(this.#wantedAt(this.#clock.now()));
    // After a failure the lease may have expired already: there is time.
    const delayMs = Math.max(this.#lease.expiresAt, this.#askAgainAt) - now;
    this.#cancelExpiry = this.#clock.schedule(expire, delayMs, { background: true });
  }
}
