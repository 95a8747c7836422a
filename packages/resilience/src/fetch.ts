/**
 * `fetch` behind a pipeline.
 *
 * @module
 */
export { HttpStatusError, RemoteRateLimitError } from './fetch/errors.ts';
export { type FetchSlots, type ResilientFetch, resilientFetch } from './fetch/resilient-fetch.ts';
export { parseRetryAfterMs } from './fetch/retry-after.ts';
