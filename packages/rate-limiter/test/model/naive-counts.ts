/** A limit as the model sees it. */
export interface NaiveLimit {
  readonly name: string;
  readonly mode: 'strict' | 'smooth';
  readonly limit: number;
  readonly windowMs: number;
  readonly burst: number;
  readonly by: string;
  readonly tag: string | undefined;
  readonly countsAttempts: boolean;
  readonly shadow: boolean;
  readonly minFactor: number;
}

/** A charge that may still be corrected. */
export interface NaiveCharge {
  readonly at: number;
  /** Does nothing once the window is over. */
  correct(now: number, cost: number): void;
}

/** What one subject spent under one limit: every charge, for ever, counted anew each time. `factor` is that of a decision. */
export interface NaiveCounts {
  hasRoom(now: number, cost: number, factor: number): boolean;
  charge(now: number, cost: number, factor: number): NaiveCharge;
  remaining(now: number, factor: number): number;
  retryAfterMs(now: number, cost: number, factor: number): number;
  resetMs(now: number): number;
}

export function naiveLimitAt({ limit, minFactor }: NaiveLimit, factor: number): number {
  if (limit === 0) return 0;
  return Math.max(1, Math.floor(limit * Math.min(1, Math.max(factor, minFactor))));
}

interface Admission {
  readonly at: number;
  cost: number;
  readonly gridStartsAt: number;
}

/** Strict: sums up every admission whose cell has not left the window. */
export class NaiveStrict implements NaiveCounts {
  readonly #rule: NaiveLimit;
  readonly #log: Admission[] = [];

  constructor(rule: NaiveLimit) {
    this.#rule = rule;
  }

  hasRoom(now: number, cost: number, factor: number): boolean {
    return this.#rule.limit > 0 && this.#used(now) + cost <= naiveLimitAt(this.#rule, factor);
  }

  charge(now: number, cost: number): NaiveCharge {
    const gridStartsAt = this.#counting(now).at(-1)?.gridStartsAt ?? now;
    const admission = { at: now, cost, gridStartsAt };
    this.#log.push(admission);
    return {
      at: now,
      correct: (later, change) => {
        if (now + this.#rule.windowMs > later) admission.cost = Math.max(0, admission.cost + change);
      },
    };
  }

  remaining(now: number, factor: number): number {
    return Math.max(0, naiveLimitAt(this.#rule, factor) - this.#used(now));
  }

  retryAfterMs(now: number, cost: number, factor: number): number {
    const wanted = Math.max(1, cost);
    const instants = [now, ...this.#exits(now)].toSorted((a, b) => a - b);
    const limit = naiveLimitAt(this.#rule, factor);
    const passesAt = instants.find((instant) => this.#used(instant) + wanted <= limit) ?? Infinity;
    return passesAt - now;
  }

  resetMs(now: number): number {
    return Math.max(now, ...this.#exits(now)) - now;
  }

  #used(now: number): number {
    return this.#counting(now).reduce((sum, { cost }) => sum + cost, 0);
  }

  #exits(now: number): number[] {
    return this.#counting(now).map((each) => this.#exitOf(each));
  }

  #counting(now: number): Admission[] {
    return this.#log.filter((each) => each.cost > 0 && this.#exitOf(each) > now);
  }

  /** An admission stops counting a window after the latest one of its cell. */
  #exitOf(admission: Admission): number {
    const cell = this.#cellOf(admission);
    const together = this.#log.filter((other) => this.#cellOf(other) === cell);
    return Math.max(...together.map(({ at }) => at)) + this.#rule.windowMs;
  }

  #cellOf({ at, gridStartsAt }: Admission): string {
    const { limit, windowMs } = this.#rule;
    return limit <= 32 ? `${at}` : `${gridStartsAt} ${Math.floor(((at - gridStartsAt) * 32) / windowMs)}`;
  }
}

/** Smooth: plays all charges again, in whole numbers of any size. */
export class NaiveSmooth implements NaiveCounts {
  readonly #rule: NaiveLimit;
  readonly #log: { readonly at: number; readonly debt: bigint }[] = [];

  constructor(rule: NaiveLimit) {
    this.#rule = rule;
  }

  hasRoom(now: number, cost: number, factor: number): boolean {
    return this.#rule.limit > 0 && this.#debt(now) + BigInt(cost) * this.#unit(factor) <= this.#capacity();
  }

  charge(now: number, cost: number, factor: number): NaiveCharge {
    this.#log.push({ at: now, debt: BigInt(cost) * this.#unit(factor) });
    return {
      at: now,
      correct: (later, change) => {
        if (now + this.#rule.windowMs > later)
          this.#log.push({ at: later, debt: BigInt(change) * this.#unit(1) });
      },
    };
  }

  remaining(now: number, factor: number): number {
    if (this.#rule.limit === 0) return 0;
    const left = this.#capacity() - this.#debt(now);
    return left <= 0n ? 0 : Number(left / this.#unit(factor));
  }

  retryAfterMs(now: number, cost: number, factor: number): number {
    if (this.#rule.limit === 0) return Infinity;
    const wanted = BigInt(Math.max(1, cost)) * this.#unit(factor);
    if (wanted > this.#capacity()) return Infinity;
    return this.#paysOffMs(this.#debt(now) + wanted - this.#capacity());
  }

  resetMs(now: number): number {
    return this.#paysOffMs(this.#debt(now));
  }

  #debt(now: number): bigint {
    let debt = 0n;
    let at = this.#log[0]?.at ?? now;
    for (const charge of [...this.#log, { at: now, debt: 0n }]) {
      const paid = BigInt(charge.at - at) * 1_000n * BigInt(this.#rule.limit);
      debt = debt > paid ? debt - paid : 0n;
      debt = debt + charge.debt > 0n ? debt + charge.debt : 0n;
      at = charge.at;
    }
    return debt;
  }

  #unit(factor: number): bigint {
    const limit = naiveLimitAt(this.#rule, factor);
    return limit === 0
      ? 1n
      : (BigInt(this.#rule.windowMs * 1_000) * BigInt(this.#rule.limit)) / BigInt(limit);
  }

  #capacity(): bigint {
    return BigInt(this.#rule.burst) * BigInt(this.#rule.windowMs) * 1_000n;
  }

  #paysOffMs(debt: bigint): number {
    if (debt <= 0n) return 0;
    const perMs = 1_000n * BigInt(this.#rule.limit);
    return Number((debt + perMs - 1n) / perMs);
  }
}
