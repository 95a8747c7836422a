import { oneOf } from '@holdfast/core';

/** From the first to run to the last. Named, because engines disagree on what a higher number means. */
export type Priority = 'critical' | 'high' | 'normal' | 'low';

export const priorities: readonly Priority[] = ['critical', 'high', 'normal', 'low'];

/** 0 for `'critical'` to 3 for `'low'`. */
export function rankOf(priority: Priority): number {
  return priorities.indexOf(oneOf('priority', priority, priorities));
}

/**
 * `waiting` → `active` → `completed`; back to `waiting` for a retry, a release or a stall; `dead` when out of attempts
 * or not worth another; `cancelled`. A job that is to run later is `waiting` with a `runAt` in the future.
 */
export type JobState = 'waiting' | 'active' | 'completed' | 'dead' | 'cancelled';

/** How long to wait before a retry: a random time up to `baseMs * factor ** retries`, at most `maxMs` ("full jitter"). */
export interface Backoff {
  readonly baseMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** Why the last attempt did not succeed. */
export interface JobFailure {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
  /** When it was noticed, in milliseconds since 1970. */
  readonly failedAt: number;
}

/** A job as it was when asked for. Instants are in milliseconds since 1970. */
export interface IJob<Payload = unknown, Result = unknown> {
  readonly id: string;
  /** Which handler runs it. */
  readonly type: string;
  readonly payload: Payload;
  readonly state: JobState;
  readonly priority: Priority;
  /** Attempts that count: started, and neither stalled nor released. Never over `maxAttempts`. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** How often a lease ran out. */
  readonly stalls: number;
  /** What a handler hands on to others so that they do the work once; the same for every attempt, unique to the job. */
  readonly idempotencyKey: string;
  readonly cancelRequested: boolean;
  readonly createdAt: number;
  /** Not before. */
  readonly runAt: number;
  readonly finishedAt: number | undefined;
  /** What the last heartbeat said. */
  readonly progress: unknown;
  readonly result: Result | undefined;
  readonly failure: JobFailure | undefined;
}

/** What a caller says about a new job. */
export interface NewJob<Payload = unknown> {
  readonly type: string;
  /** Kept as JSON. Defaults to `undefined`. */
  readonly payload?: Payload | undefined;
  /** Defaults to `'normal'`. */
  readonly priority?: Priority | undefined;
  /** Not before this instant, in milliseconds since 1970. Defaults to now. Not together with `delayMs`. */
  readonly runAt?: number | undefined;
  /** Not before so many milliseconds from now. */
  readonly delayMs?: number | undefined;
  /** From 1. Defaults to 3. */
  readonly maxAttempts?: number | undefined;
  /** Defaults to 1 second, doubled each time, up to 30 minutes. */
  readonly backoff?: Partial<Backoff> | undefined;
  /** Of jobs with the same key, only the first is taken, until `idempotencyTtlMs` after it was enqueued. */
  readonly idempotencyKey?: string | undefined;
  /** Defaults to 24 hours. Holds whether the job is still there or not. */
  readonly idempotencyTtlMs?: number | undefined;
}

export interface Enqueued {
  readonly id: string;
  /** Whether the idempotency key was taken: then `id` is the earlier job, which may be finished and gone. */
  readonly duplicate: boolean;
}
