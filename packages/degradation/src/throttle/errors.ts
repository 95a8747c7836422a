import { HoldfastError } from '@holdfast/core';

/** The dependency refuses so much that this call was not sent. It never started. */
export class ThrottledError extends HoldfastError {
  override readonly name = 'ThrottledError';
  readonly code = 'ERR_THROTTLED';
  /** The name of the throttle that held it back. */
  readonly policy: string;

  constructor(policy: string) {
    super(`${policy} holds the call back, for most of them are refused`);
    this.policy = policy;
  }
}
