import { EventHub, type EventSource, type ExecuteOptions, type Operation, text } from '@holdfast/core';

import { AbandonedError, DedupeFullError } from './errors.ts';
import type { DedupeEvent } from './events.ts';
import { type Exits, exitsOf, waitFor } from './exits.ts';
import { Flight } from './flight.ts';
import { FlightTable } from './flight-table.ts';
import { type DedupeOptions, type ResolvedDedupeOptions, resolveOptions } from './options.ts';
import type { DedupeOutcome } from './outcome.ts';
import type { DedupeStatistics } from './statistics.ts';

/** What is chained to it runs when the present turn has ended. Stateless. */
const turnEnd = Promise.resolve();

/** The platform's own way to wait, because a promise that an operation makes may hide it. */
// oxlint-disable-next-line typescript/unbound-method -- it is called on a promise
const { then } = Promise.prototype;

/**
 * Lets identical concurrent calls share one execution, a flight. Nothing is kept once it has settled: this is no cache.
 *
 * Every caller waits for itself. It may leave by its own signal or deadline, also the one that started the flight, and
 * nobody else notices; when the last one leaves, the operation is called off. All callers of a flight get the same
 * value or error, by reference.
 *
 * Invariants, true whenever no method is on the stack:
 * - a key has at most one flight that can be joined;
 * - a flight's signal is aborted exactly if everybody left before it settled, and nobody came while it lingered;
 * - each caller settles exactly once, with the outcome of its flight or with its own reason for leaving;
 * - a flight frees no key but its own claim, and frees it before anybody learns the outcome.
 *
 * An operation must not wait for a call with its own key, for that would wait for itself. Such a call runs alone where it
 * is recognised: see the option `asyncContext`.
 *
 * @see Go's golang.org/x/sync/singleflight, where a caller cannot leave and a flight cannot be called off
 */
export class Dedupe {
  readonly #options: ResolvedDedupeOptions;
  readonly #hub = new EventHub<DedupeEvent>();
  readonly #flights = new FlightTable();
  #leaders = 0;
  #followers = 0;
  #abandoned = 0;
  #overflowed = 0;
  #reentered = 0;
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
   * the caller that started it. What remains of its time is what remains to the caller that waits longest, and grows
   * when one joins that waits longer.
   *
   * @param key - What makes calls identical; see {@link keyOf} for a key of several parts.
   * @throws Whatever the operation throws.
   * @throws The signal's reason, when this caller's signal aborts.
   * @throws {DeadlineExceededError} when this caller's deadline passes.
   * @throws {DedupeFullError} over a bound, with `overflow: 'reject'`.
   */
  run<T>(key: string, operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    let exits: Exits | undefined;
    let flight: Flight;
    try {
      text('key', key);
      exits = options === undefined ? undefined : exitsOf(options, this.#options.name);
      flight = this.#board(key, operation, options, exits);
    } catch (refusal) {
      return Promise.reject(refusal);
    }
    // One key, one type of result: that is what sharing means, and nothing here can check it.
    if (exits === undefined && this.#options.clone === undefined) return flight.outcome as Promise<T>;
    return this.#wait(flight, exits);
  }

  /** As {@link run}, but never rejects, and tells whether the outcome was shared. */
  async tryRun<T>(key: string, operation: Operation<T>, options?: ExecuteOptions): Promise<DedupeOutcome<T>> {
    const call: { flight?: Flight; left: boolean } = { left: false };
    try {
      text('key', key);
      const exits = options && exitsOf(options, this.#options.name);
      call.flight = this.#board(key, operation, options, exits);
      const value = await this.#wait<T>(call.flight, exits, () => (call.left = true));
      return { status: 'fulfilled', value, shared: call.flight.shared };
    } catch (reason) {
      return { status: 'rejected', reason, shared: !call.left && call.flight?.shared === true };
    }
  }

  /**
   * Makes later callers of `key` start afresh, for instance because what the flight reads has just changed.
   * Those who wait already keep their flight. Tells whether there was one.
   */
  forget(key: string): boolean {
    const flight = this.#flights.get(key);
    if (flight !== undefined) this.#flights.remove(flight);
    return flight !== undefined;
  }

  statistics(): DedupeStatistics {
    return {
      component: 'dedupe',
      calls: { leader: this.#leaders, follower: this.#followers },
      inFlight: this.#flights.size,
      abandoned: this.#abandoned,
      overflowed: this.#overflowed,
      reentered: this.#reentered,
    };
  }

  /** The flight that a call waits for: one that it joins, one that it starts for all, or one that it starts alone. */
  #board<T>(
    key: string,
    operation: Operation<T>,
    options: ExecuteOptions | undefined,
    exits: Exits | undefined,
  ): Flight {
    const { clock, maxAgeMs, maxFlights, maxWaiters, asyncContext } = this.#options;
    const outer = asyncContext?.getStore() as Flight | undefined;
    const found = this.#find(key);
    if (found !== undefined) {
      if (found.outcome === undefined || (outer !== undefined && found.encloses(outer)))
        this.#noteReentry(key);
      else if (found.waiters < maxWaiters) return this.#join(found, exits);
      else this.#overflow('maxWaiters');
    } else if (this.#flights.size >= maxFlights) this.#overflow('maxFlights');

    const startedAt = maxAgeMs === Infinity ? 0 : clock.now();
    const leavable = exits !== undefined;
    const endsAt = this.#leavesAt(exits);
    const flight = new Flight({ key, startedAt, options, leavable, endsAt, outer });
    this.#leaders += 1;
    if (found === undefined && this.#flights.size < maxFlights) this.#flights.add(flight);
    this.#depart(flight, operation);
    return flight;
  }

  /** The flight of a key, unless it is too old to be joined; then its key is free, and its waiters keep it. */
  #find(key: string): Flight | undefined {
    const flight = this.#flights.get(key);
    const { name, maxAgeMs } = this.#options;
    if (flight === undefined || maxAgeMs === Infinity) return flight;
    const ageMs = this.#turnStartedAt() - flight.startedAt;
    if (ageMs < maxAgeMs) return flight;
    this.#flights.remove(flight);
    if (this.#hub.observed) this.#hub.emit({ type: 'outdated', policy: name, key, ageMs });
    return undefined;
  }

  /** Reads the clock once for a herd that joins in one go, where the reading would cost as much as all the rest. */
  #turnStartedAt(): number {
    if (this.#turnAt === undefined) {
      this.#turnAt = this.#options.clock.now();
      void turnEnd.then(this.#endTurn);
    }
    return this.#turnAt;
  }

  #join(flight: Flight, exits: Exits | undefined): Flight {
    this.#followers += 1;
    flight.waiters += 1;
    flight.shared = true;
    flight.stopLingering?.();
    if (flight.endsAt !== undefined) flight.endsAt = later(flight.endsAt, this.#leavesAt(exits));
    return flight;
  }

  /** When a caller will have left, and a flight that lingers for it will have ended; `undefined`: at no known time. */
  #leavesAt(exits: Exits | undefined): number | undefined {
    const { clock, lingerMs } = this.#options;
    if (exits?.deadlineMs === undefined || lingerMs === Infinity) return undefined;
    return clock.now() + exits.deadlineMs + lingerMs;
  }

  #depart<T>(flight: Flight, operation: Operation<T>): void {
    const { asyncContext, clock } = this.#options;
    const context = flight.contextOn(clock);
    const running =
      asyncContext === undefined
        ? context.start(operation)
        : asyncContext.run(flight, () => context.start(operation));
    flight.outcome = then.call(
      running,
      (value) => {
        this.#land(flight);
        return value;
      },
      (error: unknown) => {
        this.#land(flight);
        throw error;
      },
    );
  }

  #land(flight: Flight): void {
    flight.land();
    this.#flights.remove(flight);
  }

  #wait<T>(flight: Flight, exits: Exits | undefined, onLeave?: () => void): Promise<T> {
    const { clone } = this.#options;
    const shared = flight.outcome as Promise<T>;
    const outcome =
      clone === undefined ? shared : shared.then((value) => (flight.shared ? clone(value) : value));
    if (exits === undefined) return outcome;
    return waitFor(outcome, exits, this.#options, () => {
      onLeave?.();
      this.#leave(flight);
    });
  }

  #leave(flight: Flight): void {
    flight.waiters -= 1;
    if (flight.waiters > 0 || flight.landed) return;
    const { clock, lingerMs } = this.#options;
    if (lingerMs === Infinity) return;
    // Nobody can find a flight that is not in the table, so it would linger for nobody.
    if (lingerMs === 0 || this.#flights.get(flight.key) !== flight) return this.#callOff(flight);
    flight.stopLingering = clock.schedule(() => this.#callOff(flight), lingerMs, { background: true });
  }

  /** The key is free before the operation learns of it: who comes then does not join what was called off. */
  #callOff(flight: Flight): void {
    this.#flights.remove(flight);
    this.#abandoned += 1;
    const { name } = this.#options;
    flight.cancellation?.cancel(new AbandonedError(name));
    if (this.#hub.observed) this.#hub.emit({ type: 'abandoned', policy: name, key: flight.key });
  }

  #overflow(bound: DedupeFullError['bound']): void {
    this.#overflowed += 1;
    const { name, overflow } = this.#options;
    if (overflow === 'reject') throw new DedupeFullError(name, bound);
  }

  #noteReentry(key: string): void {
    this.#reentered += 1;
    if (this.#hub.observed) this.#hub.emit({ type: 'reentered', policy: this.#options.name, key });
  }
}

/** The later one of two ends, of which one may be unknown. */
function later(end: number, other: number | undefined): number | undefined {
  return other === undefined ? undefined : Math.max(end, other);
}
