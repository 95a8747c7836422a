import type { Flight } from './flight.ts';

/** So many flights may leave the map before the rest moves to a new one. */
const patience = 256;

/**
 * The flights that a caller may join, by key.
 *
 * One of them stands outside the map, often the only one there is: to fill and empty a map for each call costs more than
 * all the rest of a call. And the others move to a new map now and then: a map keeps what has passed through it alive for
 * the collector of young objects, once it has got old itself, because each of its tables refers to the one that replaced it.
 *
 * Invariant: a key has at most one flight, and only that flight can take itself out.
 */
export class FlightTable {
  #first: Flight | undefined;
  #others = new Map<string, Flight>();
  #departures = 0;

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
    else if (this.#others.get(flight.key) === flight) this.#depart(flight.key);
  }

  #depart(key: string): void {
    this.#others.delete(key);
    this.#departures += 1;
    if (this.#departures < patience || this.#departures < this.#others.size) return;
    this.#others = new Map(this.#others);
    this.#departures = 0;
  }
}
