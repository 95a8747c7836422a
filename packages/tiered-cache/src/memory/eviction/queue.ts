/**
 * A key that a table knows, and where it stands. One that the table no longer knows is used again for the next key, so
 * that a full table makes no garbage of its own.
 */
export class Resident<Stored> {
  key: string = '';
  /** `undefined` of a ghost: a key that is remembered without its record. */
  record: Stored | undefined;
  /** Since it was last its turn. */
  used: boolean = false;
  /** How often it may yet be passed over unused. */
  credit: number = 0;
  /** Of the record; of a ghost, what its last one had. */
  bytes: number = 0;
  /** Of a ghost: how many had been pushed out of its queue when it was. */
  leftAt: number = 0;
  queue: Queue<Stored>;
  newer: Resident<Stored> = this;
  older: Resident<Stored> = this;

  constructor(queue: Queue<Stored>) {
    this.queue = queue;
  }
}

/**
 * Residents, first in, first out. They are linked through one without a key that stands behind the newest and before the
 * oldest.
 *
 * Invariant: `size` and `bytes` are those of its residents, and `queue` of each of them is this one.
 */
export class Queue<Stored> {
  readonly #end = new Resident<Stored>(this);
  size: number = 0;
  bytes: number = 0;

  /** Only where `size` is over 0. */
  get oldest(): Resident<Stored> {
    return this.#end.newer;
  }

  /** Adds one as the newest. */
  push(resident: Resident<Stored>): void {
    const end = this.#end;
    const newest = end.older;
    resident.queue = this;
    resident.older = newest;
    resident.newer = end;
    newest.newer = resident;
    end.older = resident;
    this.size += 1;
    this.bytes += resident.bytes;
  }

  /** Takes out one of its own. */
  remove(resident: Resident<Stored>): void {
    resident.older.newer = resident.newer;
    resident.newer.older = resident.older;
    this.size -= 1;
    this.bytes -= resident.bytes;
  }

  /** Lets go of all at once. They are of no use after that. */
  clear(): void {
    const end = this.#end;
    end.newer = end;
    end.older = end;
    this.size = 0;
    this.bytes = 0;
  }

  /** The newest first. */
  *[Symbol.iterator](): Generator<Resident<Stored>, void, undefined> {
    for (let resident = this.#end.older; resident !== this.#end; resident = resident.older) yield resident;
  }
}
