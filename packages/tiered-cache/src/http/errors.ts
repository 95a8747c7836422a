import { HoldfastError } from '@holdfast/core';

/**
 * A handler brought no response that could be kept or shared: it failed, or its client left and it fell silent. Seen in
 * the events of the cache; clients get what the handler answered, or a stale response.
 */
export class HandlerFailedError extends HoldfastError {
  override readonly name = 'HandlerFailedError';
  readonly code = 'ERR_CACHE_HANDLER_FAILED';
  /** What the handler answered; `undefined` if it did not answer. */
  readonly status: number | undefined;

  constructor(reason: string, status?: number) {
    super(`the handler ${reason}`);
    this.status = status;
  }
}
