import { CancellationSource, isHoldfastError } from '@holdfast/core';

import { JobCancelledError, NonRetryableError } from './errors.ts';
import type { JobHandler } from './job-handler.ts';
import type { ClaimedJob, IJobQueue } from './job-queue.ts';

/** How a run ended, as far as the queue is concerned. */
export type RunOutcome =
  | { readonly type: 'succeeded' | 'failed' | 'cancelled' | 'released' | 'lease-lost' | 'abandoned' }
  | { readonly type: 'errored'; readonly error: unknown };

/**
 * One attempt of one job, from its handler to its settlement. Never rejects.
 *
 * Invariant: at most one settlement is asked for, and none after the run was given back.
 */
export class JobRun {
  readonly job: ClaimedJob;
  readonly #queue: IJobQueue;
  readonly #source = new CancellationSource();
  /** Once it was asked for. */
  #settlement: Promise<RunOutcome> | undefined;
  #abandoned = false;

  constructor(queue: IJobQueue, job: ClaimedJob) {
    this.#queue = queue;
    this.job = job;
  }

  /** Aborts the handler's signal. */
  cancel(reason: unknown): void {
    this.#source.cancel(reason);
  }

  async run(handler: JobHandler): Promise<RunOutcome> {
    const { job } = this;
    const source = this.#source;
    try {
      const result = await handler(job.payload, {
        id: job.id,
        attempt: job.attempts - 1,
        idempotencyKey: job.idempotencyKey,
        get signal() {
          return source.signal;
        },
        heartbeat: (progress) => this.heartbeat(progress),
      });
      return await this.#settle(() => this.#complete(result));
    } catch (error) {
      return this.#settle(() => this.#fail(error));
    }
  }

  /** Renews the lease. Learns that way of a cancellation by another process, and of the loss of the lease. */
  async heartbeat(progress?: unknown): Promise<void> {
    try {
      const { cancelRequested } = await this.#queue.heartbeat(this.job, progress);
      if (cancelRequested) this.cancel(new JobCancelledError(this.job.id));
    } catch (error) {
      if (isHoldfastError(error, 'ERR_LEASE_LOST')) this.cancel(error);
      throw error;
    }
  }

  /**
   * Gives the job back as not attempted. What the handler still does is discarded. A run that is being settled ends as it
   * would have, and whoever ran it hears how.
   */
  async giveBack(): Promise<RunOutcome> {
    if (this.#settlement !== undefined) {
      await this.#settlement;
      return { type: 'abandoned' };
    }
    const outcome = this.#settle(() => this.#release());
    this.#abandoned = true;
    return outcome;
  }

  async #settle(settlement: () => Promise<RunOutcome['type']>): Promise<RunOutcome> {
    if (this.#abandoned) return { type: 'abandoned' };
    return (this.#settlement = this.#outcomeOf(settlement));
  }

  async #outcomeOf(settlement: () => Promise<RunOutcome['type']>): Promise<RunOutcome> {
    try {
      return { type: await settlement() } as RunOutcome;
    } catch (error) {
      // Not settled: the lease runs out by itself, and the job is claimed again.
      return isHoldfastError(error, 'ERR_LEASE_LOST') ? { type: 'lease-lost' } : { type: 'errored', error };
    }
  }

  async #complete(result: unknown): Promise<RunOutcome['type']> {
    try {
      return (await this.#queue.complete(this.job, result)) === 'completed' ? 'succeeded' : 'cancelled';
    } catch (error) {
      const { code, message, retryable } = Object(error) as Partial<Record<string, unknown>>;
      // The queue does not take this result, and another attempt would only make it again. By code, for the queue may come
      // from another copy of the package.
      if (code === 'ERR_INVALID_OPTION')
        return this.#fail(new NonRetryableError(String(message), { cause: error }));
      if (retryable === false) return this.#fail(error);
      throw error;
    }
  }

  async #fail(error: unknown): Promise<RunOutcome['type']> {
    const reason: unknown = this.#source.reason;
    if (isHoldfastError(reason, 'ERR_LEASE_LOST')) return 'lease-lost';
    if (isHoldfastError(reason, 'ERR_WORKER_STOPPED')) return this.#release();
    return (await this.#queue.fail(this.job, error)) === 'cancelled' ? 'cancelled' : 'failed';
  }

  async #release(): Promise<RunOutcome['type']> {
    return (await this.#queue.release(this.job)) === 'cancelled' ? 'cancelled' : 'released';
  }
}
