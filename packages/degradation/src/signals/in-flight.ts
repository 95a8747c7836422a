import {
  atLeast,
  callable,
  type ExecuteOptions,
  Execution,
  object,
  type Operation,
  type Policy,
  text,
  throwIfCancelled,
} from '@holdfast/core';
import type { Signal } from '../signal.ts';

export interface InFlightOptions {
  /** Defaults to `'inFlight'`. */
  readonly name?: string | undefined;
  /**
   * How many calls the service can have under way: calls per second at full load, times seconds per call without load (Little,
   * 1961), both from a load test; at least 1. A function is asked at each sample, for a limit that is found while it runs.
   */
  readonly limit: number | (() => number);
}

/**
 * Calls under way against what the service can have under way; more of them only wait for each other. Counts what runs through
 * it as a policy, or between {@link enter} and the end of what that returns.
 *
 * The limit is not estimated from the traffic itself: whatever the load, calls under way are about rate times response time, so
 * each new peak would look like the end of the service.
 */
export class InFlight implements Signal, Policy {
  readonly name: string;
  readonly kind = 'queueing';
  readonly #limit: () => number;
  #running = 0;

  constructor(options: InFlightOptions) {
    object('options', options);
    const { limit } = options;
    this.name = text('name', options.name ?? 'inFlight');
    if (typeof limit === 'function') this.#limit = callable('limit', limit);
    else {
      atLeast('limit', limit, 1);
      this.#limit = () => limit;
    }
  }

  get running(): number {
    return this.#running;
  }

  read(): number {
    return this.#running / this.#limit();
  }

  /** Counts a call until the result is disposed of. */
  enter(): Disposable {
    this.#running += 1;
    let left = false;
    return {
      [Symbol.dispose]: () => {
        if (!left) this.#running -= 1;
        left = true;
      },
    };
  }

  async execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    throwIfCancelled(options);
    this.#running += 1;
    try {
      return await new Execution(options).start(operation);
    } finally {
      this.#running -= 1;
    }
  }
}
