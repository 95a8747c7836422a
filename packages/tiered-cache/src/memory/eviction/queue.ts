/**
 * Where a key that a table knows stands. That of a key that the table no longer knows is used again for the next one, so
 * that a full table makes no garbage of its own.
 */
export class Place<Stored> {
  key: string = '';
  /** `undefined` of a ghost: a key that is remembered without its record. */
  record: Stored | undefined;
  /** How often it may yet be passed over unused. */
  credit: number = 0;
  /** Of the record; of a ghost, what its last one had. */
  bytes: number = 0;
  /** Of a ghost: how many had been pushed out of its queue when it was. */
  leftAt: number = 0;
  queue: Queue<Stored>;
  newer: Place<Stored> = this;
  older: Place<Stored> = this;

  constructor(queue: Queue<Stored>) {
    this.queue = queue;
  }
}

/**
 * Places, first in, first out. They are linked through one without a key that stands behind the newest and before the
 * oldest.
 *
 * Invariant: `size` and `bytes` are those of its places, and `queue` of each of them is this one.
 */
export class Queue<Stored> {
  readonly #end = new Place<Stored>(this);
  size: number = 0;
  bytes: number = 0;

  /** Only where `size` is over 0. */
  get oldest(): Place<Stored> {
    return this.#end.newer;
  }

  /** Adds one as the newest. */
  push(place: Place<Stored>): void {
    const end = this.#end;
    const newest = end.older;
    place.queue = this;
    place.older = newest;
    place.newer = end;
    newest.newer = place;
    end.older = place;
    this.size += 1;
    this.bytes += place.bytes;
  }

  /** Takes out one of its own. */
  remove(place: Place<Stored>): void {
    place.older.newer = place.newer;
    place.newer.older = place.older;
    this.size -= 1;
    this.bytes -= place.bytes;
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
  *[Symbol.iterator](): Generator<Place<Stored>, void, undefined> {
    for (let place = this.#end.older; place !== this.#end; place = place.older) yield place;
  }
}
