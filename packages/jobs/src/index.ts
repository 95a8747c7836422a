/**
 * A durable job queue: priorities, retries, crash recovery.
 *
 * @module
 */
export {
  JobCancelledError,
  LeaseLostError,
  NonRetryableError,
  PayloadTooLargeError,
  ResultTooLargeError,
  RetryAfterError,
  StalledError,
  WorkerStoppedError,
} from './errors.ts';
export type { JobEvent, JobSubject, WorkerEvent } from './events.ts';
export type { Backoff, Enqueued, IJob, JobFailure, JobState, NewJob, Priority } from './job.ts';
export type { JobContext, JobHandler, JobHandlers } from './job-handler.ts';
export type { ClaimedJob, ClaimOptions, IJobQueue, JobCounts, JobStatistics, Lease } from './job-queue.ts';
export { MemoryJobQueue } from './memory-job-queue.ts';
export type { JobQueueOptions, Retention, WorkerOptions } from './options.ts';
export { Worker, type WorkerStatistics } from './worker.ts';
