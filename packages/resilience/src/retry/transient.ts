import { isHoldfastError } from '@holdfast/core';

/** What a bulkhead refuses with. What is too much for this process already, it does not make more of. */
const overloads: ReadonlySet<string> = new Set(['ERR_BULKHEAD_FULL', 'ERR_SHED']);

/**
 * Whether trying again may help: how a {@link Retry} judges errors unless told otherwise.
 *
 * `false` for mistakes in the program (`ReferenceError`, `RangeError`, and a `TypeError` without a `cause`; with one,
 * it is how `fetch` reports a network failure), for work that somebody aborted, for refusals that do not say when to come
 * back, and for those of a bulkhead.
 */
export function isTransient(error: unknown): boolean {
  if (isHoldfastError(error)) {
    const { code, retryAfterMs } = error;
    return !isRefusal(error) || (retryAfterMs !== undefined && !overloads.has(code));
  }
  if (error instanceof ReferenceError || error instanceof RangeError) return false;
  if (error instanceof TypeError) return error.cause !== undefined;
  return !(error instanceof Error && error.name === 'AbortError');
}

/** What passes for what the operation itself threw. */
const outcomes: ReadonlySet<string> = new Set(['ERR_TIMEOUT', 'ERR_INJECTED_FAULT']);

/** Whether a policy turned the call away before it reached what it is about, so that trying again adds no load there. */
export function isRefusal(error: unknown): boolean {
  return isHoldfastError(error) && !outcomes.has(error.code);
}

/** Whether it was a service that turned the call away: it has answered, and trying again does add load there. */
export function isAnswer(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'response' in error;
}

/** When the error says to come back, in milliseconds from when it was made; `undefined` if it does not say. */
export function retryAfterMsOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('retryAfterMs' in error)) return undefined;
  const { retryAfterMs } = error;
  return typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? retryAfterMs : undefined;
}
