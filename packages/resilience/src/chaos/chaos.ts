import {
  cancellationOf,
  DeadlineExceededError,
  EventHub,
  type EventSource,
  type ExecuteOptions,
  Execution,
  type Operation,
  type Policy,
  throwIfCancelled,
} from '@holdfast/core';

import { pause } from '../retry/pause.ts';
import { InjectedFaultError } from './errors.ts';
import type { ChaosEvent } from './events.ts';
import { type ChaosOptions, resolveChaosOptions, type ResolvedChaosOptions } from './options.ts';
import type { ChaosStatistics } from './statistics.ts';

/**
 * Delays calls, makes them fail, or answers them itself, to find out what a service does when its dependency does so.
 *
 * What is injected passes through the policies around it as if it came from the operation. Each kind is drawn by itself,
 * in the order latency, fault, outcome; the same `random` gives the same calls the same fate.
 *
 * @see Principles of Chaos Engineering (2019)
 */
export class Chaos implements Policy {
  readonly #options: ResolvedChaosOptions;
  readonly #hub = new EventHub<ChaosEvent>();
  readonly #injected = { latency: 0, fault: 0, outcome: 0 };

  /**
   * @throws {InvalidOptionError} naming the first option out of range.
   * @throws {ChaosInProductionError} where `NODE_ENV` is `production`, unless `allowInProduction` is `true`.
   */
  constructor(options: ChaosOptions) {
    this.#options = resolveChaosOptions(options);
  }

  get name(): string {
    return this.#options.name;
  }

  get events(): EventSource<ChaosEvent> {
    return this.#hub;
  }

  /**
   * Runs `operation`, or does what was drawn for this call.
   *
   * @throws Whatever the operation throws, or what `fault.error` makes.
   * @throws What `enabled` or a rate throws.
   * @throws {InjectedFaultError} unless there is a `fault.error`.
   * @throws The signal's reason, when it aborts before the operation has begun, at once also during an injected delay.
   * @throws {DeadlineExceededError} if the deadline passes during an injected delay.
   */
  execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    try {
      const execution = options instanceof Execution ? options : new Execution(options, this.#options.clock);
      return this.#options.enabled() ? this.#interfere(operation, execution) : execution.start(operation);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  statistics(): ChaosStatistics {
    return { component: 'chaos', injected: { ...this.#injected } };
  }

  async #interfere<T>(operation: Operation<T>, execution: Execution): Promise<T> {
    const { name, latency, fault, outcome, clock } = this.#options;
    throwIfCancelled(execution);
    if (latency !== undefined && this.#draws('latency', latency.rate)) {
      await pause(clock, latency.delayMs, cancellationOf(execution));
      // A busy process ends the pause late.
      throwIfCancelled(execution);
      if (execution.remainingMs() === 0) throw new DeadlineExceededError(name);
    }
    if (fault !== undefined && this.#draws('fault', fault.rate))
      throw fault.error === undefined ? new InjectedFaultError(name) : fault.error();
    if (outcome !== undefined && this.#draws('outcome', outcome.rate)) return outcome.value() as T;
    return operation(execution);
  }

  #draws(what: ChaosEvent['what'], rate: () => number): boolean {
    const { name: policy, random } = this.#options;
    // This way round, so that a rate that is no number draws nothing.
    if (!(random() < rate())) return false;
    this.#injected[what] += 1;
    if (this.#hub.observed) this.#hub.emit({ type: 'injected', policy, what });
    return true;
  }
}
