/**
 * Several strict rate limits in one atomic decision.
 *
 * @module
 */
export type { Decision, LimitState } from './decision.ts';
export { RateLimitedError, RateLimitStoreError } from './errors.ts';
export type { RateLimiterEvent, RejectedEvent, StoreLostEvent, StoreRecoveredEvent } from './events.ts';
export { MemoryStore, type MemoryStoreOptions } from './memory-store.ts';
export type {
  LimitOptions,
  LimitsOptions,
  NameOf,
  RateLimiterOptions,
  ScopeOf,
  SubjectOf,
  TagOf,
} from './options.ts';
export { type CheckOptions, RateLimiter, type RateLimiterStatistics } from './rate-limiter.ts';
export type {
  DecisionSource,
  Ledger,
  LimitPlan,
  LimitRule,
  RateLimitStore,
  RuleGroup,
  StoreObserver,
  Verdict,
} from './store.ts';
