import type { LimitRule } from './store.ts';

/*
 * The arithmetic of smooth limits, the same in each store: the generic cell rate algorithm (ITU-T Recommendation I.371),
 * told as a debt. Admitting a cost adds to the debt, time pays it off, and a call passes if the debt stays within that of
 * `burst` at once.
 *
 * In a window of W microseconds a cost of 1 makes a debt of W, and each microsecond pays off `limit`. So costs, debts and
 * bounds are whole numbers, and nothing is rounded that stays under 2^53. What is stored is (instant of the debt, debt):
 * the usual instant at which all is paid off would not hold the fractions of a microsecond that high limits need.
 */

/** Debt of one unit of cost while `limit` holds, which is the rule's own or the lower one of an adaptive factor. */
export function debtOfOne(rule: LimitRule, limit: number): number {
  const windowUs = rule.windowMs * 1_000;
  return limit === rule.limit ? windowUs : Math.floor((windowUs * rule.limit) / limit);
}

/** The largest debt that a call may leave. */
export function largestDebt({ burst, windowMs }: LimitRule): number {
  return burst * windowMs * 1_000;
}

/** What is left of a debt after `elapsedMs`. */
export function debtAfter(debt: number, elapsedMs: number, { limit }: LimitRule): number {
  return elapsedMs <= 0 ? debt : Math.max(0, debt - elapsedMs * 1_000 * limit);
}

/** Milliseconds in which a debt is paid off. */
export function paysOffMs(debt: number, { limit }: LimitRule): number {
  return debt <= 0 ? 0 : debt / (1_000 * limit);
}
