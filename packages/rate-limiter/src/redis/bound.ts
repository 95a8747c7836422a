import { debtOfOne, largestDebt, paysOffMs } from '../smooth.ts';
import { limitAt, type LimitRule } from '../store.ts';

/** What is known of one limit of a subject, as of the latest refusal. Instants are on the monotonic clock. */
export interface Bound {
  /** The limit's index in the plan. */
  readonly index: number;
  /** This cost and larger ones are refused, under this limit and lower ones, until then; `Infinity`: none is known to be. */
  readonly cost: number;
  readonly limit: number;
  readonly until: number;
  readonly remaining: number;
  readonly emptyAt: number;
}

/** Whether a call of this cost is certain to be refused. */
export function refuses(bound: Bound, cost: number, limit: number, now: number): boolean {
  return cost >= bound.cost && now < bound.until && limit <= bound.limit;
}

/**
 * Milliseconds until a call that is refused would pass: for ever if it costs more than the limit admits at all. A smooth limit
 * pays off what it costs more than the bound; a strict one frees that at the bound's instant at the earliest.
 */
export function waitMsOf(bound: Bound, rule: LimitRule, cost: number, limit: number, now: number): number {
  const waitMs = bound.until - now;
  if (rule.mode === 'strict') return cost > limit ? Infinity : waitMs;
  const unit = debtOfOne(rule, limit);
  if (cost * unit > largestDebt(rule)) return Infinity;
  return waitMs + paysOffMs((cost - bound.cost) * unit, rule);
}

/** What the readings at `at` say, of what was asked at `sentAt`. */
export function boundOf(
  rule: LimitRule,
  cost: number,
  factor: number,
  readings: ArrayLike<number>,
  at: number,
  sentAt: number,
): Bound {
  const waitMs = readings[at + 2] as number;
  // A refusal for ever is one of this cost only, and of a limit that may be another tomorrow.
  const isRefused = readings[at] === 1 && waitMs > 0 && waitMs < Infinity;
  return {
    index: rule.index,
    cost: isRefused ? cost : Infinity,
    limit: limitAt(rule, factor),
    until: sentAt + (isRefused ? waitMs : 0),
    remaining: readings[at + 1] as number,
    emptyAt: sentAt + (readings[at + 3] as number),
  };
}
