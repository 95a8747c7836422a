import { HoldfastError } from '@holdfast/core';

/** Everybody who waited for a flight has left. The reason of the flight's own signal: no caller ever gets it. */
export class AbandonedError extends HoldfastError {
  override readonly name = 'AbandonedError';
  readonly code = 'ERR_ABANDONED';
  /** The `name` option of the dedupe. */
  readonly policy: string;

  constructor(policy: string) {
    super(`everybody who waited on ${policy} has left`);
    this.policy = policy;
  }
}
