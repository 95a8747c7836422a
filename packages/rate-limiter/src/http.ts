/**
 * What a server tells its clients about limits, and how a client reads it.
 *
 * @module
 */
export type { HeaderFields, HeaderFormat } from './http/header-formats.ts';
export type { RateLimitHeaderOptions } from './http/header-options.ts';
export type { HeaderRecord, HeaderSource } from './http/header-source.ts';
export { rateLimitHeaders } from './http/headers.ts';
export {
  parseRateLimit,
  type RateLimitInfo,
  type RateLimitPolicy,
  type RateLimitQuota,
} from './http/parse-rate-limit.ts';
export { rateLimitProblem, type RateLimitProblem } from './http/problem.ts';
export type { ToldDecision, ToldState, ToldSubject } from './http/told-decision.ts';
