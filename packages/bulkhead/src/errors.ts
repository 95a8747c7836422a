import { HoldfastError } from '@holdfast/core';

/** The bulkhead had no slot to give: the operation did not run. */
export class BulkheadFullError extends HoldfastError {
  override readonly name = 'BulkheadFullError';
  readonly code = 'ERR_BULKHEAD_FULL';
  /** The `name` option of the bulkhead. */
  readonly policy: string;
  /** No slot and no room in the queue, no slot within `maxWaitMs`, or no slots any more because it was disposed. */
  readonly reason: 'full' | 'waited-too-long' | 'closed';

  constructor(policy: string, reason: BulkheadFullError['reason']) {
    super(`${policy} has no slot to give (${reason})`);
    this.policy = policy;
    this.reason = reason;
  }
}
