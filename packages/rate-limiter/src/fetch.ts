/**
 * For handlers that take a `Request` and give a `Response`, and for clients of `fetch`.
 *
 * @module
 */
export type { Checker, MiddlewareOptions, Refusal } from './http/middleware-options.ts';
export {
  type FetchHandler,
  type FetchRateLimitOptions,
  rateLimitGuard,
  withRateLimit,
} from './http/fetch-guard.ts';
export { rateLimitedFetch } from './http/rate-limited-fetch.ts';
export type { RateLimitedFetchOptions } from './http/rate-limited-fetch-options.ts';
export { decisionOn } from './http/request-guard.ts';
