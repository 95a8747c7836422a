import { type Clock, type ExecuteOptions, Execution, type Operation, type Policy } from '@holdfast/core';

import { TierPausedError } from '../errors.ts';

/** Failures in a row after which the tier is left alone. */
const maxFailures = 3;

/** How long it is left alone, in milliseconds. */
const pauseMs = 1_000;

/**
 * Keeps a cache from waiting for a tier that is down: after {@link maxFailures} failures in a row nothing is tried for
 * {@link pauseMs}, then one operation at a time until one works.
 */
export class TierGuard implements Policy {
  readonly #clock: Clock;
  #failures = 0;
  #retryAt = 0;
  #trying = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    const trial = this.#failures >= maxFailures;
    if (trial) this.#startTrial();
    try {
      const result = await operation(new Execution(options, this.#clock));
      this.#failures = 0;
      return result;
    } catch (error) {
      this.#failures += 1;
      this.#retryAt = this.#clock.now() + pauseMs;
      throw error;
    } finally {
      if (trial) this.#trying = false;
    }
  }

  #startTrial(): void {
    const waitMs = this.#retryAt - this.#clock.now();
    if (waitMs > 0 || this.#trying) throw new TierPausedError(Math.max(0, waitMs));
    this.#trying = true;
  }
}
