import { duration, hours, InvalidOptionError, object, text, wholeNumber } from '@holdfast/core';

import { PayloadTooLargeError } from './errors.ts';
import {
  type Backoff,
  type IJob,
  type JobFailure,
  type JobState,
  type NewJob,
  priorities,
  type Priority,
  rankOf,
} from './job.ts';
import { newJobId } from './job-id.ts';
import type { ClaimedJob } from './job-queue.ts';
import { decode, encode } from './json.ts';
import { resolveBackoff, type ResolvedJobQueueOptions } from './options.ts';

/** A job as an engine holds it. What a caller gave or gets is JSON here, so that nobody can change it from outside. */
export interface JobRecord {
  readonly id: string;
  readonly type: string;
  readonly payload: string | undefined;
  /** 0 for `'critical'` to 3 for `'low'`. */
  readonly priority: number;
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly idempotencyKey: string | undefined;
  readonly createdAt: number;
  state: JobState;
  runAt: number;
  attempts: number;
  stalls: number;
  token: number;
  leaseUntilAt: number | undefined;
  cancelRequested: boolean;
  finishedAt: number | undefined;
  progress: string | undefined;
  result: string | undefined;
  failure: JobFailure | undefined;
}

export interface NewRecord extends JobRecord {
  /** Until when the idempotency key, if any, stands for this job. */
  readonly keyExpiresAt: number;
}

/** @throws As `IJobQueue.enqueue` does. */
export function newRecord(job: NewJob, options: ResolvedJobQueueOptions, now: number): NewRecord {
  object('job', job);
  const { maxPayloadBytes } = options;
  return {
    keyExpiresAt: now + duration('idempotencyTtlMs', job.idempotencyTtlMs ?? hours(24)),
    id: newJobId(now),
    type: wellFormed('type', job.type),
    payload: encode(
      'payload',
      job.payload,
      maxPayloadBytes,
      (bytes, max) => new PayloadTooLargeError(bytes, max),
    ),
    priority: rankOf(job.priority ?? 'normal'),
    maxAttempts: wholeNumber('maxAttempts', job.maxAttempts ?? 3, 1),
    backoff: resolveBackoff(job.backoff),
    idempotencyKey:
      job.idempotencyKey === undefined ? undefined : wellFormed('idempotencyKey', job.idempotencyKey),
    createdAt: now,
    state: 'waiting',
    runAt: dueAt(job, now),
    attempts: 0,
    stalls: 0,
    token: 0,
    leaseUntilAt: undefined,
    cancelRequested: false,
    finishedAt: undefined,
    progress: undefined,
    result: undefined,
    failure: undefined,
  };
}

export function jobOf(record: JobRecord): IJob {
  return {
    id: record.id,
    type: record.type,
    payload: decode(record.payload),
    state: record.state,
    priority: priorities[record.priority] as Priority,
    attempts: record.attempts,
    maxAttempts: record.maxAttempts,
    stalls: record.stalls,
    idempotencyKey: record.idempotencyKey ?? record.id,
    cancelRequested: record.cancelRequested,
    createdAt: record.createdAt,
    runAt: record.runAt,
    finishedAt: record.finishedAt,
    progress: decode(record.progress),
    result: decode(record.result),
    failure: record.failure,
  };
}

export function claimedJobOf(record: JobRecord): ClaimedJob {
  return { ...jobOf(record), token: record.token, leaseUntilAt: record.leaseUntilAt ?? 0 };
}

/** Lone surrogates have no form in UTF-8: in a store, texts that differ in nothing else are the same. */
function wellFormed(option: string, value: string): string {
  if (text(option, value).isWellFormed()) return value;
  throw new InvalidOptionError(option, 'well-formed Unicode', value);
}

function dueAt({ runAt, delayMs }: NewJob, now: number): number {
  if (runAt !== undefined && delayMs !== undefined)
    throw new InvalidOptionError('delayMs', 'absent where runAt is given', delayMs);
  // Whole milliseconds: a store may not keep more.
  return Math.ceil(runAt === undefined ? now + duration('delayMs', delayMs ?? 0) : duration('runAt', runAt));
}
