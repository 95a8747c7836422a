/**
 * Retry, timeout, and pipelines that put every policy in the one right order.
 *
 * @module
 */
export type { PipelineDescription, PipelineStep } from './pipeline/describe.ts';
export type { OwnPipelineEvent } from './pipeline/events.ts';
export type { PipelineEvent } from './pipeline/merged-events.ts';
export { Pipeline, pipeline } from './pipeline/pipeline.ts';
export type {
  BreakerPart,
  BulkheadPart,
  DedupePart,
  FallbackFunction,
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
export { RetryBudget, type RetryBudgetOptions } from './retry/retry-budget.ts';
export { Retry } from './retry/retry.ts';
export type { RetryStatistics } from './retry/statistics.ts';
export { isTransient } from './retry/transient.ts';
export { TimeoutError } from './timeout/errors.ts';
export type { TimeoutEvent } from './timeout/events.ts';
export type { ResolvedTimeoutOptions, TimeoutOptions } from './timeout/options.ts';
export type { TimeoutStatistics } from './timeout/statistics.ts';
export type { Held } from './timeout/timed-run.ts';
export { Timeout } from './timeout/timeout.ts';
