/** A limit as the model sees it. */
export interface NaiveLimit {
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
  readonly by: string;
  readonly tag?: string | undefined;
}

interface Admission {
  readonly at: number;
  readonly cost: number;
  readonly gridStartsAt: number;
}

export interface NaiveState {
  readonly remaining: number;
  readonly retryAfterMs: number;
  readonly resetMs: number;
}

export interface NaiveDecision {
  readonly allowed: boolean;
  readonly violated: readonly string[];
  readonly limits: Readonly<Record<string, NaiveState>>;
}

/** Remembers every admission for ever and counts them anew each time. */
export class NaiveLimiter {
  readonly #limits: readonly NaiveLimit[];
  readonly #admissions = new Map<string, Admission[]>();

  constructor(limits: readonly NaiveLimit[]) {
    this.#limits = limits;
  }

  check(
    now: number,
    subject: Readonly<Record<string, string | undefined>>,
    tags: readonly string[],
    cost: number,
  ): NaiveDecision {
    const applied = this.#limits.filter(
      ({ by, tag }) =>
        (by === 'global' || subject[by] !== undefined) && (tag === undefined || tags.includes(tag)),
    );
    const logs = applied.map(({ name, by }) => this.#log(`${name} ${subject[by] ?? ''}`));
    const violated = applied
      .filter((rule, i) => rule.limit === 0 || used(logs[i] ?? [], rule, now) + cost > rule.limit)
      .map(({ name }) => name);
    if (violated.length === 0 && cost > 0)
      for (const [i, rule] of applied.entries()) {
        const log = logs[i] ?? [];
        const counting = log.filter((admission) => exitOf(admission, log, rule) > now);
        log.push({ at: now, cost, gridStartsAt: counting.at(-1)?.gridStartsAt ?? now });
      }
    const states = applied.map((rule, i) => [rule.name, stateOf(logs[i] ?? [], rule, now, cost)] as const);
    return { allowed: violated.length === 0, violated, limits: Object.fromEntries(states) };
  }

  #log(key: string): Admission[] {
    const log = this.#admissions.get(key) ?? [];
    this.#admissions.set(key, log);
    return log;
  }
}

/** When an admission stops counting: a window after the latest one of its cell. */
function exitOf(admission: Admission, log: readonly Admission[], rule: NaiveLimit): number {
  const cell = cellOf(admission, rule);
  return Math.max(...log.filter((other) => cellOf(other, rule) === cell).map(({ at }) => at)) + rule.windowMs;
}

function cellOf({ at, gridStartsAt }: Admission, { limit, windowMs }: NaiveLimit): string {
  return limit <= 32 ? `${at}` : `${gridStartsAt} ${Math.floor(((at - gridStartsAt) * 32) / windowMs)}`;
}

function used(log: readonly Admission[], rule: NaiveLimit, now: number): number {
  return log.filter((each) => exitOf(each, log, rule) > now).reduce((sum, { cost }) => sum + cost, 0);
}

function stateOf(log: readonly Admission[], rule: NaiveLimit, now: number, cost: number): NaiveState {
  const wanted = Math.max(1, cost);
  const exits = log.map((each) => exitOf(each, log, rule)).filter((exit) => exit > now);
  const instants = [now, ...exits].toSorted((a, b) => a - b);
  const passesAt = instants.find((instant) => used(log, rule, instant) + wanted <= rule.limit) ?? Infinity;
  return {
    remaining: Math.max(0, rule.limit - used(log, rule, now)),
    retryAfterMs: passesAt - now,
    resetMs: Math.max(now, ...exits) - now,
  };
}
