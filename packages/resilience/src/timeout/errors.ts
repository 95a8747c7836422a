import { HoldfastError } from '@holdfast/core';

/**
 * The operation took too long, so its caller no longer waits; it was told by its signal and may still be running.
 * Carries the name that the platform gives to its own timeouts.
 */
export class TimeoutError extends HoldfastError {
  override readonly name = 'TimeoutError';
  readonly code = 'ERR_TIMEOUT';
  /** The `name` option of the timeout. */
  readonly policy: string;
  /** The time that it had, in milliseconds. */
  readonly timeoutMs: number;

  constructor(policy: string, timeoutMs: number) {
    super(`${policy} took longer than ${timeoutMs} ms`);
    this.policy = policy;
    this.timeoutMs = timeoutMs;
  }
}
