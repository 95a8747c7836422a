import {
  type Cancel,
  EventHub,
  type EventSource,
  isHoldfastError,
  methods,
  object,
  type Unsubscribe,
} from '@holdfast/core';

import { JobCancelledError, WorkerStoppedError } from './errors.ts';
import type { JobEvent, WorkerEvent } from './events.ts';
import type { JobHandler, JobHandlers } from './job-handler.ts';
import type { ClaimedJob, IJobQueue } from './job-queue.ts';
import { JobRun, type RunOutcome } from './job-run.ts';
import { type ResolvedWorkerOptions, resolveWorkerOptions, type WorkerOptions } from './options.ts';
import { settledWithin } from './settled-within.ts';

export interface WorkerStatistics {
  readonly component: 'worker';
  /** Gauge: jobs running now. */
  readonly running: number;
  /** Jobs that were completed. */
  readonly succeeded: number;
  /** Attempts that failed. */
  readonly failed: number;
  /** Jobs that were cancelled while they ran. */
  readonly cancelled: number;
  /** Jobs given back because the worker stopped. */
  readonly released: number;
  /** Jobs that were somebody else's when they were to be settled. */
  readonly leasesLost: number;
  /** Calls to the queue that failed otherwise. */
  readonly errors: number;
}

/** Leases are renewed this often within their length: two renewals may fail before one is lost. */
const renewalsPerLease = 3;

/**
 * Runs the jobs of a queue, up to `concurrency` at once, and settles them by what their handlers do.
 *
 * Invariants:
 * - at most `concurrency` jobs are running, and none is claimed after the worker was disposed;
 * - the signal of a handler aborts when its job is cancelled, when its lease is lost and when the time of grace is over;
 * - disposing takes no longer than `graceMs + killAfterMs`, and what the queue takes to take jobs back; what is not done
 *   by then is given back as not attempted, and what its handler does later is discarded;
 * - a failure of the queue ends no handler and no worker.
 */
export class Worker implements AsyncDisposable {
  readonly name: string;
  readonly #queue: IJobQueue;
  readonly #handlers: ReadonlyMap<string, JobHandler>;
  readonly #options: ResolvedWorkerOptions;
  readonly #hub = new EventHub<WorkerEvent>();
  readonly #runs = new Set<JobRun>();
  /** Claims and runs that have not ended. */
  readonly #pending = new Set<Promise<void>>();
  readonly #counts = { succeeded: 0, failed: 0, cancelled: 0, released: 0, leasesLost: 0, errors: 0 };
  #state: 'new' | 'running' | 'stopping' = 'new';
  #claiming = false;
  #moreArrived = false;
  #cancelPoll: Cancel | undefined;
  #cancelRenewal: Cancel | undefined;
  #unsubscribe: Unsubscribe | undefined;
  #stopped: Promise<void> | undefined;

  /** @param handlers - One for each type of job; jobs of other types are left to other workers. */
  constructor(queue: IJobQueue, handlers: JobHandlers, options: WorkerOptions = {}) {
    this.#queue = methods('queue', queue, 'claim', 'complete', 'fail', 'heartbeat', 'release');
    methods('queue.events', this.#queue.events, 'subscribe');
    this.#handlers = resolveHandlers(handlers);
    this.#options = resolveWorkerOptions(options);
    this.name = this.#options.name;
  }

  get events(): EventSource<WorkerEvent> {
    return this.#hub;
  }

  /** Begins to claim jobs, until disposed. Keeps the process alive. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#unsubscribe = this.#queue.events.subscribe(this.#onQueueEvent);
    this.#claim();
  }

  statistics(): WorkerStatistics {
    return { component: 'worker', running: this.#runs.size, ...this.#counts };
  }

  /** Stops: claims nothing more, lets running jobs end, then aborts them, then gives back what is left. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  readonly #onQueueEvent = (event: JobEvent): void => {
    // Not from inside the event: a queue in memory would claim before others have heard that there is a job.
    if (event.type === 'enqueued' && event.runAt <= this.#options.clock.epoch())
      queueMicrotask(() => this.#claim());
    if (event.type !== 'cancel-requested') return;
    for (const run of this.#runs) if (run.job.id === event.id) run.cancel(new JobCancelledError(event.id));
  };

  #claim(): void {
    const free = this.#options.concurrency - this.#runs.size;
    if (this.#state !== 'running' || free <= 0) return;
    if (this.#claiming) {
      this.#moreArrived = true;
      return;
    }
    this.#claiming = true;
    this.#moreArrived = false;
    this.#cancelPoll?.();
    this.#track(this.#claimUpTo(free));
  }

  async #claimUpTo(max: number): Promise<void> {
    try {
      const jobs = await this.#queue.claim({ max, types: [...this.#handlers.keys()] });
      for (const job of jobs) this.#begin(job);
    } catch (error) {
      this.#errored(error);
    }
    this.#claiming = false;
    if (this.#moreArrived) this.#claim();
    else if (this.#state === 'running')
      this.#cancelPoll = this.#options.clock.schedule(() => this.#claim(), this.#options.pollMs);
  }

  #begin(job: ClaimedJob): void {
    const run = new JobRun(this.#queue, job);
    // Disposed while the claim was under way.
    if (this.#state === 'stopping') return this.#track(this.#giveBack(run));
    this.#runs.add(run);
    this.#renewLater();
    this.#track(this.#execute(run, this.#handlers.get(job.type) as JobHandler));
  }

  async #execute(run: JobRun, handler: JobHandler): Promise<void> {
    this.#note(run, await run.run(handler));
    this.#runs.delete(run);
    this.#claim();
  }

  async #giveBack(run: JobRun): Promise<void> {
    this.#note(run, await run.giveBack());
  }

  #note({ job }: JobRun, outcome: RunOutcome): void {
    if (outcome.type === 'abandoned') return;
    if (outcome.type === 'errored') return this.#errored(outcome.error);
    if (outcome.type !== 'lease-lost') {
      this.#counts[outcome.type] += 1;
      return;
    }
    this.#counts.leasesLost += 1;
    if (this.#hub.observed)
      this.#hub.emit({ type: 'lease-lost', worker: this.name, id: job.id, jobType: job.type });
  }

  #errored(error: unknown): void {
    this.#counts.errors += 1;
    if (this.#hub.observed) this.#hub.emit({ type: 'errored', worker: this.name, error });
  }

  #renewLater(): void {
    const renewalMs = this.#queue.leaseMs / renewalsPerLease;
    this.#cancelRenewal ??= this.#options.clock.schedule(() => this.#renew(), renewalMs, {
      background: true,
    });
  }

  #renew(): void {
    this.#cancelRenewal = undefined;
    if (this.#runs.size === 0) return;
    // All in one turn, so that the queue can put them into one transaction.
    for (const run of this.#runs) {
      run.heartbeat().catch((error: unknown) => {
        // A lost lease is noted when the run ends.
        if (!isHoldfastError(error, 'ERR_LEASE_LOST')) this.#errored(error);
      });
    }
    this.#renewLater();
  }

  async #stop(): Promise<void> {
    const { clock, graceMs, killAfterMs } = this.#options;
    this.#state = 'stopping';
    this.#cancelPoll?.();
    this.#unsubscribe?.();
    if (!(await settledWithin(this.#pending, graceMs, clock))) {
      for (const run of this.#runs) run.cancel(new WorkerStoppedError(this.name));
      await settledWithin(this.#pending, killAfterMs, clock);
    }
    this.#cancelRenewal?.();
    const left = [...this.#runs];
    this.#runs.clear();
    await Promise.all(left.map((run) => this.#giveBack(run)));
  }

  #track(promise: Promise<void>): void {
    this.#pending.add(promise);
    void promise.finally(() => this.#pending.delete(promise));
  }
}

function resolveHandlers(handlers: JobHandlers): ReadonlyMap<string, JobHandler> {
  const types = Object.keys(object('handlers', handlers));
  methods('handlers', handlers as Record<string, JobHandler>, ...types);
  return new Map(types.map((type) => [type, handlers[type] as JobHandler]));
}
