import type { Backoff, JobFailure, JobState } from './job.ts';
import type { JobRecord } from './job-record.ts';
import type { SqlParameters } from './sql-database.ts';

/** A row of `holdfast_jobs`. */
export interface JobRow {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly state: JobState;
  readonly priority: number;
  readonly run_at: number;
  readonly attempts: number;
  readonly max_attempts: number;
  readonly stalls: number;
  readonly token: number;
  readonly lease_until: number | null;
  readonly cancel_requested: number;
  readonly created_at: number;
  readonly finished_at: number | null;
  readonly backoff: string;
  readonly idempotency_key: string | null;
  readonly payload: string | null;
  readonly progress: string | null;
  readonly result: string | null;
  readonly failure: string | null;
}

export function recordOf(row: JobRow): JobRecord {
  const [baseMs = 0, factor = 1, maxMs = 0] = JSON.parse(row.backoff) as number[];
  return {
    id: row.id,
    type: row.type,
    payload: row.payload ?? undefined,
    priority: row.priority,
    maxAttempts: row.max_attempts,
    backoff: { baseMs, factor, maxMs },
    idempotencyKey: row.idempotency_key ?? undefined,
    createdAt: row.created_at,
    state: row.state,
    runAt: row.run_at,
    attempts: row.attempts,
    stalls: row.stalls,
    token: row.token,
    leaseUntilAt: row.lease_until ?? undefined,
    cancelRequested: row.cancel_requested === 1,
    finishedAt: row.finished_at ?? undefined,
    progress: row.progress ?? undefined,
    result: row.result ?? undefined,
    failure: row.failure === null ? undefined : (JSON.parse(row.failure) as JobFailure),
  };
}

/** What never changes about a job, for the statement that inserts it. */
export function insertParameters(queue: string, record: JobRecord): SqlParameters {
  return {
    queue,
    id: record.id,
    type: record.type,
    priority: record.priority,
    runAt: record.runAt,
    maxAttempts: record.maxAttempts,
    createdAt: record.createdAt,
    backoff: backoffText(record.backoff),
    idempotencyKey: record.idempotencyKey ?? null,
    payload: record.payload ?? null,
  };
}

/** What may change about a job, for the statement that updates it. */
export function updateParameters(record: JobRecord): SqlParameters {
  return {
    id: record.id,
    state: record.state,
    runAt: record.runAt,
    attempts: record.attempts,
    stalls: record.stalls,
    leaseUntil: record.leaseUntilAt ?? null,
    cancelRequested: record.cancelRequested ? 1 : 0,
    finishedAt: record.finishedAt ?? null,
    failure: record.failure === undefined ? null : JSON.stringify(record.failure),
  };
}

function backoffText({ baseMs, factor, maxMs }: Backoff): string {
  return JSON.stringify([baseMs, factor, maxMs]);
}
