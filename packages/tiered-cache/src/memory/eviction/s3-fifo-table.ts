import { Balance } from './balance.ts';
import { Place, Queue } from './queue.ts';
import type { Placed, RecordTable, TableBounds } from './record-table.ts';

/** Ghosts of newcomers, for each record held. */
const memoryRatio = 0.75;
/** The last evictions of a queue that count as wrong if their keys come back, for each record held. */
const regretRatio = 0.05;
/** Records looked at for one eviction, at most. It bounds the time of a write where everything has been used. */
const maxLooks = 64;

/**
 * S3-FIFO ("FIFO queues are all you need for cache eviction", 2023) with a small queue that adapts. A use leaves a mark
 * on the record and moves nothing.
 *
 * A new key stands in the queue of newcomers, which is short. One that is used there moves on to the proven. One that is
 * not goes, but its key is remembered for a while as a ghost; if it comes back meanwhile, it stands among the proven at
 * once. The oldest of these goes, but for those that were used since it was last their turn: they are passed over, and
 * once more later on for each such time, within what {@link Balance} allows. What is spent is never passed over.
 *
 * Newcomers are too many if they have more than their share of the records or of the bytes, so neither many small ones
 * nor a large one push out what is proven.
 *
 * Invariants, beside those of the interface:
 * - there are at most 0.8 ghosts, and one, for each of the most records ever held;
 * - an eviction looks at no more than 64 records;
 * - a record bears a place while it is held and no longer: who keeps it does not keep its neighbours.
 */
export class S3FifoTable<Stored extends Placed<Stored>> implements RecordTable<Stored> {
  readonly #bounds: TableBounds;
  readonly #isSpent: (record: Stored) => boolean;
  /** Of a key that is remembered without its record, there is its place. */
  readonly #known = new Map<string, Stored | Place<Stored>>();
  readonly #newcomers = new Queue<Stored>();
  readonly #proven = new Queue<Stored>();
  readonly #newcomerGhosts = new Queue<Stored>();
  readonly #provenGhosts = new Queue<Stored>();
  #balance = new Balance();
  /** Newcomers pushed out so far. */
  #lost = 0;
  #evictions = 0;
  /** For the next new key. */
  #vacant: Place<Stored> | undefined;

  /** @param isSpent - Whether a record is of no use any more. Asked of those whose turn it is, but for unused newcomers. */
  constructor(bounds: TableBounds, isSpent: (record: Stored) => boolean) {
    this.#bounds = bounds;
    this.#isSpent = isSpent;
  }

  get size(): number {
    return this.#newcomers.size + this.#proven.size;
  }

  get bytes(): number {
    return this.#newcomers.bytes + this.#proven.bytes;
  }

  get evictions(): number {
    return this.#evictions;
  }

  /** Keys remembered without their records. */
  get ghosts(): number {
    return this.#newcomerGhosts.size + this.#provenGhosts.size;
  }

  /** Of the room, what newcomers may have. */
  get share(): number {
    return this.#balance.share;
  }

  get(key: string): Stored | undefined {
    const record = this.peek(key);
    if (record !== undefined) record.used = true;
    return record;
  }

  peek(key: string): Stored | undefined {
    const known = this.#known.get(key);
    return known instanceof Place ? undefined : known;
  }

  set(key: string, record: Stored, bytes: number): boolean {
    if (!(bytes <= this.#bounds.maxBytes)) {
      this.delete(key);
      return false;
    }
    const known = this.#placeOf(key);
    const queue = known === undefined ? this.#newcomers : this.#comeBack(known);
    const used = known?.record?.used === true;
    this.#makeRoom(bytes);
    const place = known ?? this.#placeFor(key);
    empty(place);
    place.record = record;
    place.bytes = bytes;
    record.place = place;
    record.used = used;
    this.#known.set(key, record);
    queue.push(place);
    return true;
  }

  delete(key: string): boolean {
    const place = this.peek(key)?.place;
    if (place === undefined) return false;
    this.#drop(place);
    return true;
  }

  clear(): void {
    for (const known of this.#known.values()) if (!(known instanceof Place)) known.place = undefined;
    this.#known.clear();
    for (const queue of [this.#newcomers, this.#proven, this.#newcomerGhosts, this.#provenGhosts])
      queue.clear();
    this.#balance = new Balance();
  }

  /** The proven with most credit first, the newcomers last; of equals those used since it was last their turn, then the newer. */
  entries(): Iterable<readonly [string, Stored]> {
    const heatOf = ({ queue, credit, record }: Place<Stored>): number =>
      2 * (queue === this.#proven ? 1 + credit : 0) + (record?.used === true ? 1 : 0);
    return [...this.#proven, ...this.#newcomers]
      .toSorted((one, other) => heatOf(other) - heatOf(one))
      .map(({ key, record }) => [key, record as Stored]);
  }

  #placeOf(key: string): Place<Stored> | undefined {
    const known = this.#known.get(key);
    return known instanceof Place ? known : known?.place;
  }

  /** Takes a key out of its queue and tells where it goes from there. A record inherits what the one before it has earned. */
  #comeBack(place: Place<Stored>): Queue<Stored> {
    const { queue } = place;
    queue.remove(place);
    if (queue === this.#newcomers || queue === this.#proven) return queue;
    if (queue === this.#provenGhosts) {
      this.#balance.favourProven();
      return this.#newcomers;
    }
    if (this.#lost - place.leftAt < this.#regretted) this.#balance.favourNewcomers();
    return this.#proven;
  }

  #placeFor(key: string): Place<Stored> {
    const place = this.#vacant ?? new Place(this.#newcomers);
    this.#vacant = undefined;
    place.key = key;
    return place;
  }

  #makeRoom(bytes: number): void {
    const { maxEntries, maxBytes } = this.#bounds;
    while (this.size >= maxEntries || this.bytes + bytes > maxBytes) this.#evict();
  }

  #evict(): void {
    this.#evictions += 1;
    let looks = 1;
    for (; this.#hasTooManyNewcomers(); looks += 1) {
      const place = this.#newcomers.oldest;
      const record = place.record as Stored;
      if (!record.used || looks >= maxLooks) return this.#pushOut(place);
      if (this.#isSpent(record)) return this.#drop(place);
      this.#moveOn(place);
    }
    for (; ; looks += 1) {
      const place = this.#proven.oldest;
      const record = place.record as Stored;
      if (this.#isSpent(record)) return this.#drop(place);
      const spared = record.used || place.credit > 0;
      if (!spared || looks >= maxLooks) return this.#pushOut(place);
      place.credit = record.used ? Math.min(place.credit + 1, this.#balance.credit) : place.credit - 1;
      this.#moveOn(place);
    }
  }

  /** True where there are no others. */
  #hasTooManyNewcomers(): boolean {
    const { size, bytes } = this.#newcomers;
    const { share } = this.#balance;
    return size > share * this.size || bytes > share * this.bytes;
  }

  /** Makes it the newest of the proven. */
  #moveOn(place: Place<Stored>): void {
    place.queue.remove(place);
    (place.record as Stored).used = false;
    this.#proven.push(place);
  }

  #pushOut(place: Place<Stored>): void {
    const { queue } = place;
    queue.remove(place);
    if (queue === this.#proven) {
      this.#bury(place, this.#provenGhosts, this.#regretted);
      return;
    }
    this.#lost += 1;
    place.leftAt = this.#lost;
    this.#bury(place, this.#newcomerGhosts, memoryRatio * this.size);
  }

  /** Removes one for another reason than room. That its key comes back will say nothing about the balance. */
  #drop(place: Place<Stored>): void {
    const { queue, record } = place;
    queue.remove(place);
    if (record?.used !== true && queue === this.#newcomers) {
      this.#forget(place);
      return;
    }
    place.leftAt = this.#lost - this.#regretted;
    this.#bury(place, this.#newcomerGhosts, memoryRatio * this.size);
  }

  /** How many of a queue's last evictions count as wrong if their keys come back. */
  get #regretted(): number {
    return Math.ceil(regretRatio * this.size);
  }

  #bury(place: Place<Stored>, ghosts: Queue<Stored>, maxGhosts: number): void {
    empty(place);
    place.credit = 0;
    this.#known.set(place.key, place);
    ghosts.push(place);
    while (ghosts.size > maxGhosts) {
      const { oldest } = ghosts;
      ghosts.remove(oldest);
      this.#forget(oldest);
    }
  }

  #forget(place: Place<Stored>): void {
    this.#known.delete(place.key);
    empty(place);
    this.#vacant = place;
  }
}

function empty<Stored extends Placed<Stored>>(place: Place<Stored>): void {
  if (place.record !== undefined) place.record.place = undefined;
  place.record = undefined;
}
