import type { JobFailure } from './job.ts';

export interface JobSubject {
  readonly queue: string;
  readonly id: string;
  /** The `type` of the job. */
  readonly jobType: string;
  readonly attempts: number;
}

/** What happened to a job, told after the commit and only in the process that did it. Instants in ms since 1970. */
export type JobEvent = JobSubject &
  (
    | { readonly type: 'enqueued' | 'released' | 'redriven'; readonly runAt: number }
    | { readonly type: 'claimed' | 'stalled' | 'completed' | 'cancelled' | 'cancel-requested' }
    | { readonly type: 'retried'; readonly runAt: number; readonly failure: JobFailure }
    | { readonly type: 'died'; readonly failure: JobFailure }
  );

/** What a worker has to say beside the events of its queue. */
export type WorkerEvent =
  /** The job is somebody else's by now; what the handler did is discarded. */
  | { readonly type: 'lease-lost'; readonly worker: string; readonly id: string; readonly jobType: string }
  /** The queue refused or could not be reached; the worker goes on. */
  | { readonly type: 'errored'; readonly worker: string; readonly error: unknown };
