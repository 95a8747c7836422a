/**
 * Retry, timeout, hedge, fallback, chaos, and pipelines that put every policy in the one right order.
 *
 * @module
 */
export { type Keyed, keyed, type KeyedOptions } from '@holdfast/circuit-breaker';
export { Chaos } from './chaos/chaos.ts';
export { ChaosInProductionError, InjectedFaultError } from './chaos/errors.ts';
export type { ChaosEvent } from './chaos/events.ts';
export type { ChaosOptions, ChaosRate } from './chaos/options.ts';
export type { ChaosStatistics } from './chaos/statistics.ts';
export { currentExecution, detached, withDeadline } from './context/current-execution.ts';
export {
  deadlineHeader,
  deadlineHeaders,
  type HeaderSource,
  readDeadlineMs,
} from './context/deadline-header.ts';
export type { FallbackEvent } from './fallback/events.ts';
export { Fallback } from './fallback/fallback.ts';
export type { FallbackFunction, FallbackOptions } from './fallback/options.ts';
export type { FallbackStatistics } from './fallback/statistics.ts';
export type { HedgeEvent } from './hedge/events.ts';
export { Hedge } from './hedge/hedge.ts';
export type { HedgeDelay, HedgeOptions, ResolvedHedgeOptions } from './hedge/options.ts';
export type { HedgeStatistics } from './hedge/statistics.ts';
export type { PipelineDescription, PipelineStep } from './pipeline/describe.ts';
export type { PipelineEvent } from './pipeline/merged-events.ts';
export type { Outcome } from './pipeline/outcome.ts';
export { Pipeline, pipeline } from './pipeline/pipeline.ts';
export type {
  BreakerPart,
  BulkheadPart,
  ChaosPart,
  DedupePart,
  FallbackPart,
  HedgePart,
  PipelineParts,
  PipelineSlots,
  RateLimitPart,
  RetryPart,
  TimeoutPart,
} from './pipeline/slots.ts';
export type { PipelineStatistics } from './pipeline/statistics.ts';
export type { BackoffOptions, Jitter, ResolvedBackoffOptions } from './retry/backoff.ts';
export type { RetryEvent } from './retry/events.ts';
export type { ResolvedRetryOptions, RetryOptions } from './retry/options.ts';
export { retryPresets } from './retry/presets.ts';
export { RetryBudget, type RetryBudgetOptions } from './retry/retry-budget.ts';
export type { Repetition } from './retry/repetition.ts';
export { Retry } from './retry/retry.ts';
export type { RetryStatistics } from './retry/statistics.ts';
export { isTransient } from './retry/transient.ts';
export { TimeoutError } from './timeout/errors.ts';
export type { TimeoutEvent } from './timeout/events.ts';
export type { ResolvedTimeoutOptions, TimeoutOptions } from './timeout/options.ts';
export type { TimeoutStatistics } from './timeout/statistics.ts';
export type { Held, TimedCall } from './timeout/timed-run.ts';
export { Timeout } from './timeout/timeout.ts';
