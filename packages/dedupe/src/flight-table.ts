import type { Flight } from './flight.ts';

/**
 * The flights that a caller may join, by key.
 *
 * One of them stands outside the map, often the only one there is: to fill and empty a map for each call costs more than
 * all the rest of a call.
 *
 * Invariant: a key has at most one flight, and only that flight can take itself out.
 */
export class FlightTable {
  #first: Flight | undefined;
  readonly #others = new Map<string, Flight>();

  get size(): number {
    return this.#others.size + (this.#first === undefined ? 0 : 1);
  }

  get(key: string): Flight | undefined {
    if (this.#first?.key === key) return this.#first;
    return this.#others.size === 0 ? undefined : this.#others.get(key);
  }

  /** The key of `flight` must be free. */
  add(flight: Flight): void {
    if (this.#first === undefined) this.#first = flight;
    else this.#others.set(flight.key, flight);
  }

  /** Does nothing if the key belongs to another flight by now. */
  remove(flight: Flight): void {
    if (this.#first === flight) this.#first = undefined;
    else if (this.#others.get(flight.key) === flight) this.#others.delete(flight.key);
  }
}
