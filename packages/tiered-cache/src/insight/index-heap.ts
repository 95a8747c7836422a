/**
 * The numbers from 0 to under `capacity`, ordered by a rank: the one of the lowest rank is first. A binary heap in typed
 * arrays, so that it allocates nothing once it exists.
 *
 * Invariant: `first` has the lowest rank of all that are held.
 *
 * @see Williams, Algorithm 232: Heapsort (1964)
 */
export class IndexHeap {
  readonly #ranks: Float64Array;
  /** Ids in heap order. */
  readonly #order: Int32Array;
  /** Where each id is in `#order`. */
  readonly #places: Int32Array;
  #size = 0;

  constructor(capacity: number) {
    this.#ranks = new Float64Array(capacity);
    this.#order = new Int32Array(capacity);
    this.#places = new Int32Array(capacity);
  }

  /** The id of the lowest rank; 0 if none is held. */
  get first(): number {
    return this.#order[0]!;
  }

  rankOf(id: number): number {
    return this.#ranks[id]!;
  }

  /** Adds an id that is not held. */
  push(id: number, rank: number): void {
    this.#ranks[id] = rank;
    this.#size += 1;
    this.#rise(id, this.#size - 1);
  }

  /** Gives an id that is held a rank at least as high as it has. */
  raise(id: number, rank: number): void {
    this.#ranks[id] = rank;
    this.#sink(id, this.#places[id]!);
  }

  /** Multiplies all ranks by a factor over 0, which changes no order. */
  scale(factor: number): void {
    for (let place = 0; place < this.#size; place += 1) this.#ranks[this.#order[place]!]! *= factor;
  }

  #rise(id: number, from: number): void {
    const rank = this.#ranks[id]!;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#order[above]!;
      if (this.#ranks[parent]! <= rank) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(id, place);
  }

  #sink(id: number, from: number): void {
    const rank = this.#ranks[id]!;
    let place = from;
    for (let below = 2 * place + 1; below < this.#size; below = 2 * place + 1) {
      if (below + 1 < this.#size && this.#rankAt(below + 1) < this.#rankAt(below)) below += 1;
      if (this.#rankAt(below) >= rank) break;
      this.#put(this.#order[below]!, place);
      place = below;
    }
    this.#put(id, place);
  }

  #rankAt(place: number): number {
    return this.#ranks[this.#order[place]!]!;
  }

  #put(id: number, place: number): void {
    this.#order[place] = id;
    this.#places[id] = place;
  }
}
