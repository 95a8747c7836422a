import { Place, Queue } from '../../../../packages/tiered-cache/src/memory/eviction/queue.ts';

import type { Held, Store } from './replay.ts';

const maxUses = 3;

/**
 * S3-FIFO as published ("FIFO queues are all you need for cache eviction", 2023): a tenth of the entries in the small
 * queue, nine tenths as many ghosts, uses counted up to 3.
 */
export class PublishedS3Fifo implements Store {
  readonly #maxEntries: number;
  readonly #known = new Map<string, Place<Held>>();
  readonly #small = new Queue<Held>();
  readonly #main = new Queue<Held>();
  readonly #ghosts = new Queue<Held>();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get(key: string): Held | undefined {
    const place = this.#known.get(key);
    if (place?.record !== undefined && place.credit < maxUses) place.credit += 1;
    return place?.record;
  }

  set(key: string, held: Held): void {
    const ghost = this.#known.get(key);
    if (ghost !== undefined) this.#ghosts.remove(ghost);
    while (this.#small.size + this.#main.size >= this.#maxEntries) this.#evict();
    const place = ghost ?? new Place(this.#small);
    place.key = key;
    place.record = held;
    place.credit = 0;
    this.#known.set(key, place);
    (ghost === undefined ? this.#small : this.#main).push(place);
  }

  delete(key: string): void {
    const place = this.#known.get(key);
    if (place?.record === undefined) return;
    place.queue.remove(place);
    this.#known.delete(key);
  }

  #evict(): void {
    while (this.#small.size > 0 && this.#small.size >= 0.1 * this.#maxEntries) {
      const place = this.#small.oldest;
      this.#small.remove(place);
      if (place.credit === 0) return this.#bury(place);
      place.credit = 0;
      this.#main.push(place);
    }
    while (this.#main.size > 0) {
      const place = this.#main.oldest;
      this.#main.remove(place);
      if (place.credit === 0) return void this.#known.delete(place.key);
      place.credit -= 1;
      this.#main.push(place);
    }
  }

  #bury(place: Place<Held>): void {
    place.record = undefined;
    this.#ghosts.push(place);
    if (this.#ghosts.size <= 0.9 * this.#maxEntries) return;
    const { oldest } = this.#ghosts;
    this.#ghosts.remove(oldest);
    this.#known.delete(oldest.key);
  }
}
