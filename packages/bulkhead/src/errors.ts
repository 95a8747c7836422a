import { HoldfastError } from '@holdfast/core';

/** The bulkhead had no slot to give: the operation did not run. */
export class BulkheadFullError extends HoldfastError {
  override readonly name = 'BulkheadFullError';
  readonly code = 'ERR_BULKHEAD_FULL';
  /** The `name` option of the bulkhead. */
  readonly policy: string;
  /** No slot and no room in the queue, no slot within `maxWaitMs`, or no slots any more because it was disposed. */
  readonly reason: 'full' | 'waited-too-long' | 'closed';

  constructor(policy: string, reason: BulkheadFullError['reason'], retryAfterMs?: number) {
    super(`${policy} has no slot to give (${reason})`, { retryAfterMs });
    this.policy = policy;
    this.reason = reason;
  }
}

/** The call had waited too long in a queue that did not move, and gave way to a newer one: the operation did not run. */
export class ShedError extends HoldfastError {
  override readonly name = 'ShedError';
  readonly code = 'ERR_SHED';
  /** The `name` option of the bulkhead. */
  readonly policy: string;
  readonly reason = 'shed';

  constructor(policy: string, retryAfterMs: number) {
    super(`${policy} sheds its oldest waiters`, { retryAfterMs });
    this.policy = policy;
  }
}
