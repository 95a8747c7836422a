import { isHoldfastError } from '@holdfast/core';

/** What a call says about the dependency: it works, it does not, or nothing at all. */
export type Verdict = 'success' | 'failure' | 'ignore';

/** Judges the outcome of one call; `undefined` leaves it to the default. */
export type Classify = (outcome: PromiseSettledResult<unknown>) => Verdict | undefined;

/** Refusals by policies further in: the dependency was not asked. */
const refusals: ReadonlySet<string> = new Set([
  'ERR_BULKHEAD_FULL',
  'ERR_CIRCUIT_OPEN',
  'ERR_RATE_LIMITED',
  'ERR_SHED',
]);

/**
 * The default for a call that threw. `'abandoned'`: nobody waited to the end, because the call was cancelled or its
 * deadline passed. That is no failure, but the time it took is known.
 */
export function verdictOn(error: unknown): 'failure' | 'ignore' | 'abandoned' {
  if (!isHoldfastError(error)) return 'failure';
  if (error.code === 'ERR_DEADLINE_EXCEEDED') return 'abandoned';
  return refusals.has(error.code) ? 'ignore' : 'failure';
}
