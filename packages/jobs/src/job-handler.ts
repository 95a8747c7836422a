/** What a handler is told about its attempt. */
export interface JobContext {
  readonly id: string;
  /** 0 for the first attempt, 1 for the first retry. */
  readonly attempt: number;
  /** The same for every attempt and unique to the job: what to hand on to others so that they do the work once. */
  readonly idempotencyKey: string;
  /**
   * Aborts when the job is cancelled (`ERR_JOB_CANCELLED`), belongs to somebody else by now (`ERR_LEASE_LOST`), or is
   * to end because the worker stops (`ERR_WORKER_STOPPED`). Created on first read.
   */
  readonly signal: AbortSignal;
  /**
   * Keeps `progress` with the job and renews the lease. The worker renews leases by itself too: a handler that lets
   * the event loop run need not care.
   *
   * @throws {LeaseLostError} when the job belongs to somebody else by now.
   */
  readonly heartbeat: (progress?: unknown) => Promise<void>;
}

/** Does the work of one type of job. What it returns is kept as the result; what it throws fails the attempt. */
export type JobHandler<Payload = unknown, Result = unknown> = (
  payload: Payload,
  context: JobContext,
) => Result | PromiseLike<Result>;

/** Handlers by type of job. Each names the payload that it expects, which is believed and not checked. */
export type JobHandlers = Readonly<Record<string, JobHandler<never>>>;
