import { HoldfastError } from '@holdfast/core';

/** The lease is no longer valid: the job is somebody else's, or settled. What the holder wanted was not done. */
export class LeaseLostError extends HoldfastError {
  override readonly name = 'LeaseLostError';
  readonly code = 'ERR_LEASE_LOST';
  readonly queue: string;
  readonly jobId: string;
  readonly token: number;

  constructor(queue: string, { id, token }: { readonly id: string; readonly token: number }) {
    super(`${queue} no longer has job ${id} under token ${token}`);
    this.queue = queue;
    this.jobId = id;
    this.token = token;
  }
}

/** To be thrown by a handler: another attempt would fail the same way, so the job is dead at once. */
export class NonRetryableError extends HoldfastError {
  override readonly name = 'NonRetryableError';
  readonly code = 'ERR_NON_RETRYABLE';
  readonly retryable = false;
}

/** To be thrown by a handler: the next attempt is to wait this long, whatever the backoff says. */
export class RetryAfterError extends HoldfastError {
  override readonly name = 'RetryAfterError';
  readonly code = 'ERR_RETRY_AFTER';

  constructor(
    retryAfterMs: number,
    message = 'to be tried again later',
    options?: { readonly cause?: unknown },
  ) {
    super(message, { ...options, retryAfterMs });
  }
}

/** The reason in the signal of a job that was cancelled. */
export class JobCancelledError extends HoldfastError {
  override readonly name = 'JobCancelledError';
  readonly code = 'ERR_JOB_CANCELLED';
  readonly jobId: string;

  constructor(jobId: string) {
    super(`job ${jobId} was cancelled`);
    this.jobId = jobId;
  }
}

/** The reason in the signals of a worker that stops and whose time of grace is over. */
export class WorkerStoppedError extends HoldfastError {
  override readonly name = 'WorkerStoppedError';
  readonly code = 'ERR_WORKER_STOPPED';
  readonly worker: string;

  constructor(worker: string) {
    super(`${worker} stops`);
    this.worker = worker;
  }
}

/** The failure of an attempt whose lease ran out once too often. */
export class StalledError extends HoldfastError {
  override readonly name = 'StalledError';
  readonly code = 'ERR_JOB_STALLED';

  constructor(stalls: number) {
    super(`the lease ran out for the ${stalls}. time`);
  }
}

/** The payload has more bytes as JSON than the queue takes; the job was not enqueued. Keep it elsewhere, enqueue a reference. */
export class PayloadTooLargeError extends HoldfastError {
  override readonly name = 'PayloadTooLargeError';
  readonly code = 'ERR_PAYLOAD_TOO_LARGE';
  readonly bytes: number;
  readonly maxBytes: number;

  constructor(bytes: number, maxBytes: number) {
    super(`the payload has ${bytes} bytes, ${maxBytes} are allowed`);
    this.bytes = bytes;
    this.maxBytes = maxBytes;
  }
}

/** The result, or the progress, has more bytes as JSON than the queue keeps. A worker lets the job die of it. */
export class ResultTooLargeError extends HoldfastError {
  override readonly name = 'ResultTooLargeError';
  readonly code = 'ERR_RESULT_TOO_LARGE';
  readonly retryable = false;
  readonly bytes: number;
  readonly maxBytes: number;

  constructor(bytes: number, maxBytes: number) {
    super(`the result has ${bytes} bytes, ${maxBytes} are allowed`);
    this.bytes = bytes;
    this.maxBytes = maxBytes;
  }
}

/** Other connections held the lock of the store for too long. Nothing was done; it may be tried again. */
export class QueueBusyError extends HoldfastError {
  override readonly name = 'QueueBusyError';
  readonly code = 'ERR_QUEUE_BUSY';
  readonly queue: string;

  constructor(queue: string, waitedMs: number, cause: unknown) {
    super(`${queue} was locked by another connection for ${Math.round(waitedMs)} ms`, {
      cause,
      retryAfterMs: 1_000,
    });
    this.queue = queue;
  }
}

/** The tables in the database are of a version that this program does not know. */
export class QueueSchemaError extends HoldfastError {
  override readonly name = 'QueueSchemaError';
  readonly code = 'ERR_QUEUE_SCHEMA';

  constructor(found: number, known: number) {
    super(`the job tables have version ${found}, this program knows version ${known}`);
  }
}
