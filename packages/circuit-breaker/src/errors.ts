import { HoldfastError } from '@holdfast/core';

import type { CircuitState } from './state.ts';

/** The circuit did not let the call through: the operation did not run. */
export class CircuitOpenError extends HoldfastError {
  override readonly name = 'CircuitOpenError';
  readonly code = 'ERR_CIRCUIT_OPEN';
  /** The `name` option of the breaker. */
  readonly policy: string;
  /** `'half-open'` if the trial calls that it allows were all taken. */
  readonly state: CircuitState;

  constructor(details: {
    readonly policy: string;
    readonly state: CircuitState;
    readonly retryAfterMs: number | undefined;
    /** The error of the last failure that the breaker counted. */
    readonly cause: unknown;
  }) {
    super(`${details.policy} is ${details.state}`, details);
    this.policy = details.policy;
    this.state = details.state;
  }
}
