import { isHoldfastError } from '@holdfast/core';

import type { Classify, Verdict } from './classify.ts';
import { isProgrammingError } from './programming-error.ts';

/** How a call ended for the breaker. `'abandoned'`: nobody waited to the end, so it counts only if it was slow. */
export type Ending = Verdict | 'abandoned';

/** Refusals by policies further in: the dependency was not asked. */
const refusals: ReadonlySet<string> = new Set([
  'ERR_BULKHEAD_FULL',
  'ERR_CIRCUIT_OPEN',
  'ERR_DEDUPE_FULL',
  'ERR_RATE_LIMITED',
  'ERR_SHED',
  'ERR_THROTTLED',
]);

const verdicts: ReadonlySet<unknown> = new Set<Verdict>(['success', 'failure', 'ignore']);

export function endingOfValue(classify: Classify | undefined, value: unknown): Ending {
  return verdictOf(classify, { status: 'fulfilled', value }) ?? 'success';
}

/** By default an error is a failure of the dependency, unless it was not asked or the mistake is the caller's. */
export function endingOfError(classify: Classify | undefined, error: unknown): Ending {
  return verdictOf(classify, { status: 'rejected', reason: error }) ?? defaultEndingOf(error);
}

/** What is no verdict leaves it to the default: a circuit that took it for one would never open, nor close. */
function verdictOf(
  classify: Classify | undefined,
  outcome: PromiseSettledResult<unknown>,
): Verdict | undefined {
  const verdict: unknown = classify?.(outcome);
  if (verdicts.has(verdict)) return verdict as Verdict;
  // Asynchronous by mistake: how it ends is nobody's business.
  if (verdict instanceof Promise) verdict.catch(() => undefined);
  return undefined;
}

function defaultEndingOf(error: unknown): Ending {
  if (isHoldfastError(error, 'ERR_DEADLINE_EXCEEDED')) return 'abandoned';
  if (isHoldfastError(error)) return refusals.has(error.code) ? 'ignore' : 'failure';
  return isProgrammingError(error) ? 'ignore' : 'failure';
}
