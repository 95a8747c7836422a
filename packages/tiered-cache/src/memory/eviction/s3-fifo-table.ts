import { Balance } from './balance.ts';
import { Queue, Resident } from './queue.ts';
import type { RecordTable, TableBounds } from './record-table.ts';

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
 * - an eviction looks at no more than 64 records.
 */
export class S3FifoTable<Stored> implements RecordTable<Stored> {
  readonly #bounds: TableBounds;
  readonly #isSpent: (record: Stored) => boolean;
  readonly #residents = new Map<string, Resident<Stored>>();
  readonly #newcomers = new Queue<Stored>();
  readonly #proven = new Queue<Stored>();
  readonly #newcomerGhosts = new Queue<Stored>();
  readonly #provenGhosts = new Queue<Stored>();
  #balance = new Balance();
  /** Newcomers pushed out so far. */
  #lost = 0;
  #evictions = 0;
  /** For the next new key. */
  #vacant: Resident<Stored> | undefined;

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
    const resident = this.#residents.get(key);
    if (resident === undefined) return undefined;
    resident.used = true;
    return resident.record;
  }

  peek(key: string): Stored | undefined {
    return this.#residents.get(key)?.record;
  }

  set(key: string, record: Stored, bytes: number): boolean {
    if (!(bytes <= this.#bounds.maxBytes)) {
      this.delete(key);
      return false;
    }
    const known = this.#residents.get(key);
    const queue = known === undefined ? this.#newcomers : this.#comeBack(known);
    this.#makeRoom(bytes);
    const resident = known ?? this.#settle(key);
    resident.record = record;
    resident.bytes = bytes;
    queue.push(resident);
    return true;
  }

  delete(key: string): boolean {
    const resident = this.#residents.get(key);
    if (resident?.record === undefined) return false;
    this.#drop(resident);
    return true;
  }

  clear(): void {
    this.#residents.clear();
    for (const queue of [this.#newcomers, this.#proven, this.#newcomerGhosts, this.#provenGhosts])
      queue.clear();
    this.#balance = new Balance();
  }

  /** The proven with most credit first, the newcomers last; of equals those used since it was last their turn, then the newer. */
  entries(): Iterable<readonly [string, Stored]> {
    const heatOf = ({ queue, credit, used }: Resident<Stored>): number =>
      2 * (queue === this.#proven ? 1 + credit : 0) + (used ? 1 : 0);
    return [...this.#proven, ...this.#newcomers]
      .toSorted((one, other) => heatOf(other) - heatOf(one))
      .map(({ key, record }) => [key, record as Stored]);
  }

  /** Takes a key out of its queue and tells where it goes from there. A record inherits what the one before it has earned. */
  #comeBack(resident: Resident<Stored>): Queue<Stored> {
    const { queue } = resident;
    queue.remove(resident);
    if (queue === this.#newcomers || queue === this.#proven) return queue;
    resident.used = false;
    if (queue === this.#provenGhosts) {
      this.#balance.favourProven();
      return this.#newcomers;
    }
    if (this.#lost - resident.leftAt < this.#regretted) this.#balance.favourNewcomers();
    return this.#proven;
  }

  #settle(key: string): Resident<Stored> {
    const resident = this.#vacant ?? new Resident(this.#newcomers);
    this.#vacant = undefined;
    resident.key = key;
    resident.used = false;
    this.#residents.set(key, resident);
    return resident;
  }

  #makeRoom(bytes: number): void {
    const { maxEntries, maxBytes } = this.#bounds;
    while (this.size >= maxEntries || this.bytes + bytes > maxBytes) this.#evict();
  }

  #evict(): void {
    this.#evictions += 1;
    let looks = 1;
    for (; this.#hasTooManyNewcomers(); looks += 1) {
      const resident = this.#newcomers.oldest;
      if (!resident.used || looks >= maxLooks) return this.#pushOut(resident);
      if (this.#isSpent(resident.record as Stored)) return this.#drop(resident);
      this.#moveOn(resident);
    }
    for (; ; looks += 1) {
      const resident = this.#proven.oldest;
      if (this.#isSpent(resident.record as Stored)) return this.#drop(resident);
      const spared = resident.used || resident.credit > 0;
      if (!spared || looks >= maxLooks) return this.#pushOut(resident);
      resident.credit = resident.used
        ? Math.min(resident.credit + 1, this.#balance.credit)
        : resident.credit - 1;
      this.#moveOn(resident);
    }
  }

  /** True where there are no others. */
  #hasTooManyNewcomers(): boolean {
    const { size, bytes } = this.#newcomers;
    const { share } = this.#balance;
    return size > share * this.size || bytes > share * this.bytes;
  }

  /** Makes it the newest of the proven. */
  #moveOn(resident: Resident<Stored>): void {
    resident.queue.remove(resident);
    resident.used = false;
    this.#proven.push(resident);
  }

  #pushOut(resident: Resident<Stored>): void {
    const { queue } = resident;
    queue.remove(resident);
    if (queue === this.#proven) {
      this.#bury(resident, this.#provenGhosts, this.#regretted);
      return;
    }
    this.#lost += 1;
    resident.leftAt = this.#lost;
    this.#bury(resident, this.#newcomerGhosts, memoryRatio * this.size);
  }

  /** Removes one for another reason than room. That its key comes back will say nothing about the balance. */
  #drop(resident: Resident<Stored>): void {
    const { queue, used } = resident;
    queue.remove(resident);
    if (!used && queue === this.#newcomers) {
      this.#forget(resident);
      return;
    }
    resident.leftAt = this.#lost - this.#regretted;
    this.#bury(resident, this.#newcomerGhosts, memoryRatio * this.size);
  }

  /** How many of a queue's last evictions count as wrong if their keys come back. */
  get #regretted(): number {
    return Math.ceil(regretRatio * this.size);
  }

  #bury(resident: Resident<Stored>, ghosts: Queue<Stored>, maxGhosts: number): void {
    resident.record = undefined;
    resident.credit = 0;
    ghosts.push(resident);
    while (ghosts.size > maxGhosts) {
      const { oldest } = ghosts;
      ghosts.remove(oldest);
      this.#forget(oldest);
    }
  }

  #forget(resident: Resident<Stored>): void {
    this.#residents.delete(resident.key);
    resident.record = undefined;
    this.#vacant = resident;
  }
}
