/**
 * Retry, timeout, and pipelines that put every policy in the one right order.
 *
 * @module
 */
export type { BackoffOptions, Jitter, ResolvedBackoffOptions } from './backoff.ts';
export type { PipelineDescription, PipelineStep } from './describe.ts';
export { TimeoutError } from './errors.ts';
export type { OwnPipelineEvent, RetryEvent, TimeoutEvent } from './events.ts';
export type {
  ResolvedRetryOptions,
  ResolvedTimeoutOptions,
  RetryOptions,
  TimeoutOptions,
} from './options.ts';
export type { PipelineEvent } from './pipeline-events.ts';
export { Pipeline, pipeline } from './pipeline.ts';
export { RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';
export { Retry } from './retry.ts';
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
} from './slots.ts';
export type { PipelineStatistics, RetryStatistics, TimeoutStatistics } from './statistics.ts';
export type { Held } from './timed-run.ts';
export { Timeout } from './timeout.ts';
export { isTransient } from './transient.ts';
