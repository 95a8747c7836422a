import { HoldfastError } from '@holdfast/core';

import type { CircuitState } from './circuit/state.ts';

/** The circuit did not let the call through: the operation did not run. */
export class CircuitOpenError extends HoldfastError {
  override readonly name = 'CircuitOpenError';
  readonly code = 'ERR_CIRCUIT_OPEN';
  /** The `name` option of the breaker. */
  readonly policy: string;
  /**
   * `'half-open'` if the trial calls that it allows were all taken, `'closed'` if it has just recovered and lets only a
   * share of the calls through.
   */
  readonly state: CircuitState;

  constructor(details: {
    readonly policy: string;
    readonly state: CircuitState;
    readonly retryAfterMs: number | undefined;
    /** The error of the last failure that the breaker counted. */
    readonly cause: unknown;
  }) {
    super(`${details.policy} is ${details.state === 'closed' ? 'recovering' : details.state}`, details);
    this.policy = details.policy;
    this.state = details.state;
  }
}
