import { Place, Queue } from '../../../../packages/tiered-cache/src/memory/eviction/queue.ts';

import type { Held, Store } from './replay.ts';

/**
 * W-TinyLFU ("TinyLFU: a highly efficient cache admission policy", 2017): a window of 1 % by recency; what leaves it is
 * kept if it comes more often than what the main part, a segmented LRU with four fifths protected, would lose for it.
 */
export class WTinyLfu implements Store {
  readonly #known = new Map<string, Place<Held>>();
  readonly #window = new Queue<Held>();
  readonly #probation = new Queue<Held>();
  readonly #protected = new Queue<Held>();
  readonly #frequencies: FrequencySketch;
  readonly #maxWindow: number;
  readonly #maxMain: number;

  constructor(maxEntries: number) {
    this.#maxWindow = Math.max(1, Math.floor(0.01 * maxEntries));
    this.#maxMain = maxEntries - this.#maxWindow;
    this.#frequencies = new FrequencySketch(maxEntries);
  }

  get(key: string): Held | undefined {
    this.#frequencies.add(key);
    const place = this.#known.get(key);
    if (place === undefined) return undefined;
    const { queue } = place;
    queue.remove(place);
    if (queue === this.#window) queue.push(place);
    else this.#protect(place);
    return place.record;
  }

  set(key: string, held: Held): void {
    const place = new Place(this.#window);
    place.key = key;
    place.record = held;
    this.#known.set(key, place);
    this.#window.push(place);
    if (this.#window.size > this.#maxWindow) this.#admit(this.#window.oldest);
  }

  delete(key: string): void {
    const place = this.#known.get(key);
    if (place !== undefined) this.#evict(place);
  }

  #protect(place: Place<Held>): void {
    this.#protected.push(place);
    if (this.#protected.size <= 0.8 * this.#maxMain) return;
    const { oldest } = this.#protected;
    this.#protected.remove(oldest);
    this.#probation.push(oldest);
  }

  #admit(candidate: Place<Held>): void {
    if (this.#probation.size + this.#protected.size >= this.#maxMain) {
      const victim = (this.#probation.size > 0 ? this.#probation : this.#protected).oldest;
      const isAdmitted = this.#frequencies.of(candidate.key) > this.#frequencies.of(victim.key);
      this.#evict(isAdmitted ? victim : candidate);
      if (!isAdmitted) return;
    }
    this.#window.remove(candidate);
    this.#probation.push(candidate);
  }

  #evict(place: Place<Held>): void {
    place.queue.remove(place);
    this.#known.delete(place.key);
  }
}

const rows = 4;
const maxCount = 15;

/** How often keys came, counted to 15 in four rows; all counts are halved after ten times as many asks as entries. */
class FrequencySketch {
  readonly #counts: Uint8Array;
  readonly #width: number;
  readonly #maxAdded: number;
  #added = 0;

  constructor(maxEntries: number) {
    this.#width = 2 ** Math.ceil(Math.log2(2 * maxEntries));
    this.#counts = new Uint8Array(rows * this.#width);
    this.#maxAdded = 10 * maxEntries;
  }

  add(key: string): void {
    const hash = hashOf(key);
    for (let row = 0; row < rows; row += 1) {
      const place = this.#place(hash, row);
      this.#counts[place] = Math.min(maxCount, (this.#counts[place] ?? 0) + 1);
    }
    this.#added += 1;
    if (this.#added < this.#maxAdded) return;
    this.#added = 0;
    for (const [place, count] of this.#counts.entries()) this.#counts[place] = count >> 1;
  }

  of(key: string): number {
    const hash = hashOf(key);
    let least = maxCount;
    for (let row = 0; row < rows; row += 1)
      least = Math.min(least, this.#counts[this.#place(hash, row)] ?? 0);
    return least;
  }

  #place(hash: number, row: number): number {
    const mixed = Math.imul(hash ^ (row * 0x9e3779b9), 0x85ebca6b);
    return row * this.#width + ((mixed ^ (mixed >>> 15)) & (this.#width - 1));
  }
}

/** FNV-1a. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1)
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash;
}
