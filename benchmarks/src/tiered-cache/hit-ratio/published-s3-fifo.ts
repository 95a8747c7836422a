import { Queue, Resident } from '../../../../packages/tiered-cache/src/memory/eviction/queue.ts';

import type { Held, Store } from './replay.ts';

const maxUses = 3;

/**
 * S3-FIFO as published ("FIFO queues are all you need for cache eviction", 2023): a tenth of the entries in the small
 * queue, nine tenths as many ghosts, uses counted up to 3.
 */
export class PublishedS3Fifo implements Store {
  readonly #maxEntries: number;
  readonly #residents = new Map<string, Resident<Held>>();
  readonly #small = new Queue<Held>();
  readonly #main = new Queue<Held>();
  readonly #ghosts = new Queue<Held>();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get(key: string): Held | undefined {
    const resident = this.#residents.get(key);
    if (resident?.record !== undefined && resident.credit < maxUses) resident.credit += 1;
    return resident?.record;
  }

  set(key: string, held: Held): void {
    const ghost = this.#residents.get(key);
    if (ghost !== undefined) this.#ghosts.remove(ghost);
    while (this.#small.size + this.#main.size >= this.#maxEntries) this.#evict();
    const resident = ghost ?? new Resident(this.#small);
    resident.key = key;
    resident.record = held;
    resident.credit = 0;
    this.#residents.set(key, resident);
    (ghost === undefined ? this.#small : this.#main).push(resident);
  }

  delete(key: string): void {
    const resident = this.#residents.get(key);
    if (resident?.record === undefined) return;
    resident.queue.remove(resident);
    this.#residents.delete(key);
  }

  #evict(): void {
    while (this.#small.size > 0 && this.#small.size >= 0.1 * this.#maxEntries) {
      const resident = this.#small.oldest;
      this.#small.remove(resident);
      if (resident.credit === 0) return this.#bury(resident);
      resident.credit = 0;
      this.#main.push(resident);
    }
    while (this.#main.size > 0) {
      const resident = this.#main.oldest;
      this.#main.remove(resident);
      if (resident.credit === 0) return void this.#residents.delete(resident.key);
      resident.credit -= 1;
      this.#main.push(resident);
    }
  }

  #bury(resident: Resident<Held>): void {
    resident.record = undefined;
    this.#ghosts.push(resident);
    if (this.#ghosts.size <= 0.9 * this.#maxEntries) return;
    const { oldest } = this.#ghosts;
    this.#ghosts.remove(oldest);
    this.#residents.delete(oldest.key);
  }
}
