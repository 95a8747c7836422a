import type { EventSource } from '@holdfast/core';

import type { JobEvent } from './events.ts';
import type { Enqueued, IJob, NewJob } from './job.ts';

/** The right to settle one attempt of one job. */
export interface Lease {
  readonly id: string;
  /**
   * Fencing token: grows with each claim of the job. Only the newest is valid. A store that the handler writes to can
   * keep it and refuse smaller ones.
   */
  readonly token: number;
}

/** A job that its claimer may run. It is its own lease. */
export interface ClaimedJob<Payload = unknown> extends IJob<Payload>, Lease {
  /** Until when nobody else gets it, in milliseconds since 1970; a heartbeat moves that on. */
  readonly leaseUntilAt: number;
}

export interface ClaimOptions {
  /** Most jobs to claim. Defaults to 1. */
  readonly max?: number | undefined;
  /** Only jobs of these types. Defaults to all. */
  readonly types?: readonly string[] | undefined;
}

export interface JobCounts {
  /** Due, and not running. */
  readonly waiting: number;
  /** Not due yet. */
  readonly delayed: number;
  readonly active: number;
  readonly completed: number;
  readonly dead: number;
  readonly cancelled: number;
}

/** Counters grow since this object was made; gauges tell what the store holds now. */
export interface JobStatistics {
  readonly component: 'jobs';
  /** Gauge: due, and not running. */
  readonly waiting: number;
  /** Gauge: not due yet. */
  readonly delayed: number;
  /** Gauge. */
  readonly active: number;
  /** Gauge. */
  readonly dead: number;
  /** Gauge: how long the job that waits longest has been due, in milliseconds. */
  readonly oldestWaitingMs: number;
  readonly enqueued: number;
  /** Not enqueued, because the idempotency key was taken. */
  readonly deduplicated: number;
  readonly claimed: number;
  readonly completed: number;
  /** Attempts that failed: retried or died. */
  readonly failed: number;
  readonly retried: number;
  readonly died: number;
  readonly cancelled: number;
  readonly stalled: number;
  readonly released: number;
  readonly redriven: number;
  /** Settlements and heartbeats that came with a token that was no longer valid. */
  readonly leasesLost: number;
}

/**
 * A store of jobs. What it promises, whatever the engine:
 *
 * - **At least once.** When `enqueue` resolves, the job is in the store and is run until it reaches a terminal state.
 *   After a crash an attempt may run again, so handlers are to be idempotent; `idempotencyKey` helps.
 * - **One holder.** A claim gives a lease with a fencing token. Only the newest token of a job settles it or renews
 *   its lease; an older one gets `ERR_LEASE_LOST` and changes nothing. A lease that ran out is still good until
 *   somebody else claims the job.
 * - **Order.** Due jobs are claimed by priority, then by the instant they became due, then as enqueued.
 * - **Attempts and stalls are counted apart.** A lease that ran out counts as a stall and gives the attempt back; after
 *   `maxStalls` each further one counts as a failed attempt. So every job ends, and none runs more often than
 *   `maxAttempts + maxStalls` times, releases apart.
 * - **An acknowledgement is a commit.** No promise resolves before the change is as durable as the engine makes it.
 */
export interface IJobQueue {
  readonly name: string;
  /** How long a claim or a heartbeat holds, in milliseconds. */
  readonly leaseMs: number;
  readonly events: EventSource<JobEvent>;

  /**
   * Adds a job, or none if its idempotency key is taken. A list is added as a whole or not at all.
   *
   * @throws {InvalidOptionError} naming what is wrong with the job.
   * @throws {PayloadTooLargeError} when the payload has more bytes than `maxPayloadBytes`.
   */
  enqueue<Payload>(job: NewJob<Payload>): Promise<Enqueued>;
  enqueue<Payload>(jobs: readonly NewJob<Payload>[]): Promise<Enqueued[]>;

  /** Takes due jobs, in their order, and those whose lease ran out. Each counts as an attempt from here. */
  claim(options?: ClaimOptions): Promise<ClaimedJob[]>;

  /**
   * Moves the end of the lease on to `leaseMs` from now. What it gives back is how a worker in another process learns of a cancellation.
   *
   * @param progress - Kept with the job, as JSON. `undefined` keeps the last.
   * @throws {LeaseLostError} when the token is no longer the newest or the job is settled.
   */
  heartbeat(lease: Lease, progress?: unknown): Promise<{ readonly cancelRequested: boolean }>;

  /**
   * Settles the job as done; as cancelled, if a cancellation was requested first.
   *
   * @param result - Kept with the job, as JSON.
   * @throws {LeaseLostError} as {@link heartbeat} does.
   * @throws {ResultTooLargeError} when the result has more bytes than `maxResultBytes`; the lease still holds.
   */
  complete(lease: Lease, result?: unknown): Promise<'completed' | 'cancelled'>;

  /**
   * Settles the attempt as failed. The job waits for its next one, unless it is out of attempts or the error has
   * `retryable: false`: then it is dead. An error with `retryAfterMs` sets the wait, any other has the backoff.
   *
   * @throws {LeaseLostError} as {@link heartbeat} does.
   */
  fail(lease: Lease, error: unknown): Promise<'waiting' | 'dead' | 'cancelled'>;

  /**
   * Gives the job back as if it had not been claimed: it can be claimed at once, and no attempt is counted.
   *
   * @throws {LeaseLostError} as {@link heartbeat} does.
   */
  release(lease: Lease): Promise<'waiting' | 'cancelled'>;

  /**
   * Cancels a job. A waiting one never runs. A running one is told at its next heartbeat, at once in this process,
   * and does not end as completed. A finished one stays as it is.
   */
  cancel(id: string): Promise<'cancelled' | 'requested' | 'finished' | 'unknown'>;

  /** Lets a dead job wait again, with all its attempts. @returns Whether there was such a dead job. */
  redrive(id: string): Promise<boolean>;

  get(id: string): Promise<IJob | undefined>;
  counts(): Promise<JobCounts>;
  statistics(): JobStatistics;
}
