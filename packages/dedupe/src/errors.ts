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

/** The dedupe has as many flights, or the flight as many callers, as it may have: the operation did not run. */
export class DedupeFullError extends HoldfastError {
  override readonly name = 'DedupeFullError';
  readonly code = 'ERR_DEDUPE_FULL';
  /** The `name` option of the dedupe. */
  readonly policy: string;
  /** Which bound was reached. */
  readonly bound: 'maxFlights' | 'maxWaiters';

  constructor(policy: string, bound: DedupeFullError['bound']) {
    super(`${policy} has reached ${bound}`);
    this.policy = policy;
    this.bound = bound;
  }
}
