import {
  CancellationSource,
  EventHub,
  type EventSource,
  type ExecuteOptions,
  Execution,
  type Operation,
  text,
} from '@holdfast/core';

import { AbandonedError } from './errors.ts';
import type { DedupeEvent } from './events.ts';
import { type Exits, exitsOf, type Flight, waitFor } from './flight.ts';
import { type DedupeOptions, type ResolvedDedupeOptions, resolveOptions } from './options.ts';
import type { DedupeStatistics } from './statistics.ts';

/** What is chained to it runs when the present turn has ended. Stateless. */
const turnEnd = Promise.resolve();

/**
 * Lets identical concurrent calls share one execution, a flight. Nothing is kept once it has settled: this is no cache.
 *
 * Every caller waits for itself. It may leave by its own signal or deadline, also the one that started the flight, and
 * nobody else notices; when the last one leaves, the operation is called off. All callers of a flight get the same
 * value or error, by reference.
 *
 * Invariants, true whenever no method is on the stack:
 * - a key has at most one flight that can be joined;
 * - a flight's signal is aborted exactly if everybody left before it settled;
 * - each caller settles exactly once, with the outcome of its flight or with its own reason for leaving;
 * - a flight frees no key but its own claim, and frees it before anybody learns the outcome.
 *
 * An operation must not wait for a call with its own key, for that would wait for itself. Only a call that it makes
 * before its first `await` is recognised, and runs alone.
 *
 * @see Go's golang.org/x/sync/singleflight, where a caller cannot leave and a flight cannot be called off
 */
export class Dedupe {
  readonly #options: ResolvedDedupeOptions;
  readonly #hub = new EventHub<DedupeEvent>();
  readonly #flights = new Map<string, Flight>();
  #leaders = 0;
  #followers = 0;
  #abandoned = 0;
  #turnAt: number | undefined;
  readonly #endTurn = (): void => void (this.#turnAt = undefined);

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: DedupeOptions = {}) {
    this.#options = resolveOptions(options);
  }

  get name(): string {
    return this.#options.name;
  }

  /** Keys that a caller could join now. */
  get inFlight(): number {
    return this.#flights.size;
  }

  get events(): EventSource<DedupeEvent> {
    return this.#hub;
  }

  /**
   * Joins the flight of `key`, or starts one with `operation`. The operation sees the key, and tenant and criticality of
   * the caller that started it, but no deadline: it lasts while anybody waits for it.
   *
   * @param key - What makes calls identical; see {@link keyOf} for a key of several parts.
   * @throws Whatever the operation throws.
   * @throws The signal's reason, when this caller's signal aborts.
   * @throws {DeadlineExceededError} when this caller's deadline passes.
   */
  run<T>(key: string, operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    let exits: Exits | undefined;
    try {
      text('key', key);
      exits = exitsOf(options, this.#options.name);
    } catch (refusal) {
      return Promise.reject(refusal);
    }
    const current = this.#flights.get(key);
    const flight =
      current !== undefined && this.#joins(current) ? current : this.#start(key, operation, options, exits);
    // One key, one type of result: that is what sharing means, and nothing here can check it.
    const outcome = flight.outcome as Promise<T>;
    if (exits === undefined) return outcome;
    return waitFor(outcome, exits, this.#options, () => this.#leave(flight));
  }

  /**
   * Makes later callers of `key` start afresh, for instance because what the flight reads has just changed.
   * Those who wait already keep their flight. Tells whether there was one.
   */
  forget(key: string): boolean {
    return this.#flights.delete(key);
  }

  statistics(): DedupeStatistics {
    return {
      component: 'dedupe',
      calls: { leader: this.#leaders, follower: this.#followers },
      inFlight: this.#flights.size,
      abandoned: this.#abandoned,
    };
  }

  #joins(flight: Flight): boolean {
    if (flight.outcome === undefined || flight.waiters >= this.#options.maxWaiters) return false;
    if (this.#isOutdated(flight)) return false;
    flight.waiters += 1;
    this.#followers += 1;
    return true;
  }

  /** Drops a flight that is too old to be joined; its waiters keep it. */
  #isOutdated({ key, startedAt }: Flight): boolean {
    const { name, maxAgeMs } = this.#options;
    if (maxAgeMs === Infinity) return false;
    const ageMs = this.#turnStartedAt() - startedAt;
    if (ageMs < maxAgeMs) return false;
    this.#flights.delete(key);
    if (this.#hub.observed) this.#hub.emit({ type: 'outdated', policy: name, key, ageMs });
    return true;
  }

  /** Reads the clock once for a herd that joins in one go, where the reading would cost as much as all the rest. */
  #turnStartedAt(): number {
    if (this.#turnAt === undefined) {
      this.#turnAt = this.#options.clock.now();
      void turnEnd.then(this.#endTurn);
    }
    return this.#turnAt;
  }

  #start<T>(
    key: string,
    operation: Operation<T>,
    options: ExecuteOptions | undefined,
    exits: Exits | undefined,
  ): Flight {
    const { clock, maxAgeMs, maxFlights } = this.#options;
    const flight: Flight = {
      key,
      startedAt: maxAgeMs === Infinity ? 0 : clock.now(),
      cancellation: exits === undefined ? undefined : new CancellationSource(),
      tenant: options?.tenant,
      criticality: options?.criticality,
      outcome: undefined,
      waiters: 1,
      landed: false,
    };
    this.#leaders += 1;
    // A key still taken belongs to a flight that is full, or to the operation that is calling: this one runs alone.
    if (this.#flights.size < maxFlights && !this.#flights.has(key)) this.#flights.set(key, flight);
    flight.outcome = this.#fly(flight, operation);
    return flight;
  }

  async #fly<T>(flight: Flight, operation: Operation<T>): Promise<T> {
    try {
      return await operation(new Execution(flight, this.#options.clock));
    } finally {
      flight.landed = true;
      this.#free(flight);
    }
  }

  #leave(flight: Flight): void {
    flight.waiters -= 1;
    if (flight.waiters > 0 || flight.landed) return;
    this.#free(flight);
    this.#abandoned += 1;
    const { name } = this.#options;
    flight.cancellation?.cancel(new AbandonedError(name));
    if (this.#hub.observed) this.#hub.emit({ type: 'abandoned', policy: name, key: flight.key });
  }

  #free(flight: Flight): void {
    if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key);
  }
}
