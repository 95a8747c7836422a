/**
 * Several rate limits in one atomic decision.
 *
 * @module
 */
export { AdaptiveFactor, type AdaptiveFactorOptions } from './adaptive-factor.ts';
export { Decision, type LimitState } from './decision.ts';
export { RateLimitedError, RateLimitStoreError } from './errors.ts';
export type {
  BlockedEvent,
  BurstEvent,
  RateLimiterEvent,
  RejectedEvent,
  StoreLostEvent,
  StoreRecoveredEvent,
  UnblockedEvent,
} from './events.ts';
export { MemoryStore, type MemoryStoreOptions } from './memory/memory-store.ts';
export type {
  LimitOptions,
  LimitsOptions,
  NameOf,
  PenaltyOptions,
  RateLimiterOptions,
  ScopeOf,
  SubjectOf,
  TagOf,
} from './options.ts';
export { phase2 } from './presets.ts';
export { type CheckOptions, RateLimiter } from './rate-limiter.ts';
export type {
  DecisionSource,
  Ledger,
  LimitPlan,
  LimitRule,
  RateLimitStore,
  RuleGroup,
  StoreErrorAction,
  StoreObserver,
  Verdict,
} from './store.ts';
export type { RateLimiterStatistics } from './tally.ts';
