import { Queue, Resident } from '../../../../packages/tiered-cache/src/memory/eviction/queue.ts';

import type { Held, Store } from './replay.ts';

/** SIEVE ("SIEVE is simpler than LRU", 2024): a hand goes from the oldest entry to the newest and takes the first that was not used. */
export class Sieve implements Store {
  readonly #maxEntries: number;
  readonly #residents = new Map<string, Resident<Held>>();
  readonly #queue = new Queue<Held>();
  #hand: Resident<Held> | undefined;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get(key: string): Held | undefined {
    const resident = this.#residents.get(key);
    if (resident === undefined) return undefined;
    resident.used = true;
    return resident.record;
  }

  set(key: string, held: Held): void {
    if (this.#residents.size >= this.#maxEntries) this.#evict();
    const resident = new Resident(this.#queue);
    resident.key = key;
    resident.record = held;
    this.#residents.set(key, resident);
    this.#queue.push(resident);
  }

  delete(key: string): void {
    const resident = this.#residents.get(key);
    if (resident !== undefined) this.#remove(resident);
  }

  #evict(): void {
    let resident = this.#hand ?? this.#queue.oldest;
    while (resident.used) {
      resident.used = false;
      resident = this.#after(resident);
    }
    this.#remove(resident);
  }

  #remove(resident: Resident<Held>): void {
    this.#hand = this.#after(resident);
    this.#residents.delete(resident.key);
    this.#queue.remove(resident);
  }

  /** The next newer one; after the newest comes the oldest. */
  #after({ newer }: Resident<Held>): Resident<Held> {
    return newer.record === undefined ? this.#queue.oldest : newer;
  }
}
