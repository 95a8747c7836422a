import { Place, Queue } from '../../../../packages/tiered-cache/src/memory/eviction/queue.ts';

import type { Held, Store } from './replay.ts';

/** SIEVE ("SIEVE is simpler than LRU", 2024): a hand goes from the oldest entry to the newest and takes the first that was not used. */
export class Sieve implements Store {
  readonly #maxEntries: number;
  readonly #known = new Map<string, Place<Held>>();
  readonly #queue = new Queue<Held>();
  #hand: Place<Held> | undefined;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get(key: string): Held | undefined {
    const place = this.#known.get(key);
    if (place === undefined) return undefined;
    place.credit = 1;
    return place.record;
  }

  set(key: string, held: Held): void {
    if (this.#known.size >= this.#maxEntries) this.#evict();
    const place = new Place(this.#queue);
    place.key = key;
    place.record = held;
    this.#known.set(key, place);
    this.#queue.push(place);
  }

  delete(key: string): void {
    const place = this.#known.get(key);
    if (place !== undefined) this.#remove(place);
  }

  #evict(): void {
    let place = this.#hand ?? this.#queue.oldest;
    while (place.credit > 0) {
      place.credit = 0;
      place = this.#after(place);
    }
    this.#remove(place);
  }

  #remove(place: Place<Held>): void {
    this.#hand = this.#after(place);
    this.#known.delete(place.key);
    this.#queue.remove(place);
  }

  /** The next newer one; after the newest comes the oldest. */
  #after({ newer }: Place<Held>): Place<Held> {
    return newer.record === undefined ? this.#queue.oldest : newer;
  }
}
