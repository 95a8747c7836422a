import {
  type NaiveCharge,
  type NaiveCounts,
  type NaiveLimit,
  NaiveSmooth,
  NaiveStrict,
} from './naive-counts.ts';

export type { NaiveLimit } from './naive-counts.ts';

export type NaiveSubject = Readonly<Record<string, string | undefined>>;

export interface NaiveCall {
  readonly subject: NaiveSubject;
  readonly tags: readonly string[];
  readonly cost: number;
  readonly factor: number;
}

export interface NaiveState {
  readonly remaining: number;
  readonly retryAfterMs: number;
  readonly resetMs: number;
  readonly exceeded: boolean;
}

export interface NaiveDecision {
  readonly allowed: boolean;
  readonly blocked: boolean;
  readonly violated: readonly string[];
  readonly retryAfterMs: number;
  readonly limits: Readonly<Record<string, NaiveState>>;
}

/** What may be corrected of a decision later. */
export interface NaiveReceipt {
  readonly cost: number;
  readonly charges: readonly NaiveCharge[];
}

/** Remembers everything for ever and works all of it out anew each time. */
export class NaiveLimiter {
  readonly #limits: readonly NaiveLimit[];
  readonly #counts = new Map<string, NaiveCounts>();
  readonly #blockedUntil = new Map<string, number>();

  constructor(limits: readonly NaiveLimit[]) {
    this.#limits = limits;
  }

  check(now: number, call: NaiveCall): NaiveDecision & { readonly receipt: NaiveReceipt } {
    const { subject, cost, factor } = call;
    const applied = this.#limits.filter((rule) => applies(rule, call));
    const counts = applied.map((rule) => this.#countsOf(rule, subject));
    const exceeded = counts.map((each) => !each.hasRoom(now, cost, factor));
    const violated = applied
      .filter(({ shadow }, i) => exceeded[i] === true && !shadow)
      .map(({ name }) => name);
    const blockedUntil = applied.map(({ by }) => this.#blockedUntil.get(keyOf(by, subject)) ?? now);
    const blockedMs = Math.max(0, ...blockedUntil.map((until) => until - now));
    const allowed = violated.length === 0 && blockedMs === 0;

    const charges: NaiveCharge[] = [];
    for (const [i, rule] of applied.entries()) {
      if (cost === 0 || exceeded[i] === true || !(allowed || rule.countsAttempts)) continue;
      const charge = counts[i]?.charge(now, cost, factor);
      if (charge !== undefined && allowed && !rule.countsAttempts) charges.push(charge);
    }

    const states = applied.map((_, i): NaiveState => ({
      remaining: counts[i]?.remaining(now, factor) ?? 0,
      retryAfterMs: counts[i]?.retryAfterMs(now, cost, factor) ?? 0,
      resetMs: counts[i]?.resetMs(now) ?? 0,
      exceeded: exceeded[i] === true,
    }));
    const waits = states
      .filter((_, i) => applied[i]?.shadow === false)
      .map(({ retryAfterMs }) => retryAfterMs);
    return {
      allowed,
      blocked: blockedMs > 0,
      violated,
      retryAfterMs: allowed ? 0 : Math.max(blockedMs, ...waits),
      limits: Object.fromEntries(applied.map(({ name }, i) => [name, states[i] as NaiveState])),
      receipt: { cost, charges },
    };
  }

  /** Changes what a decision was charged to `cost`. */
  correct(now: number, receipt: NaiveReceipt, cost: number): void {
    for (const charge of receipt.charges) charge.correct(now, cost - receipt.cost);
  }

  penalize(now: number, subject: NaiveSubject, cost: number): void {
    for (const rule of this.#own(subject))
      if (rule.limit > 0) this.#countsOf(rule, subject).charge(now, cost, 1);
  }

  block(now: number, subject: NaiveSubject, forMs: number): void {
    for (const { by } of this.#own(subject)) {
      const key = keyOf(by, subject);
      this.#blockedUntil.set(
        key,
        forMs === 0 ? now : Math.max(this.#blockedUntil.get(key) ?? 0, now + forMs),
      );
    }
  }

  reset(subject: NaiveSubject): void {
    for (const rule of this.#own(subject)) {
      this.#counts.delete(`${rule.name} ${keyOf(rule.by, subject)}`);
      this.#blockedUntil.delete(keyOf(rule.by, subject));
    }
  }

  #own(subject: NaiveSubject): NaiveLimit[] {
    return this.#limits.filter(({ by }) => by !== 'global' && subject[by] !== undefined);
  }

  #countsOf(rule: NaiveLimit, subject: NaiveSubject): NaiveCounts {
    const key = `${rule.name} ${keyOf(rule.by, subject)}`;
    let counts = this.#counts.get(key);
    if (counts === undefined) {
      counts = rule.mode === 'strict' ? new NaiveStrict(rule) : new NaiveSmooth(rule);
      this.#counts.set(key, counts);
    }
    return counts;
  }
}

function applies({ by, tag }: NaiveLimit, { subject, tags }: NaiveCall): boolean {
  return (by === 'global' || subject[by] !== undefined) && (tag === undefined || tags.includes(tag));
}

function keyOf(by: string, subject: NaiveSubject): string {
  return `${by} ${subject[by] ?? ''}`;
}
