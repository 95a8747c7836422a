import { CellLogs } from './cell-logs.ts';
import { Debts } from './debts.ts';
import { offsetOf, Slab } from './slab.ts';

/** What a record begins with: from this instant on nothing in it matters, until that one the subject is blocked. */
const mattersUntil = 0;
const blockedUntil = 1;
const headerWidth = 2;
/** Of a limit in a record: two numbers, whose meaning is up to the limit's mode. Both are 0 where nothing was spent. */
const placeWidth = 2;

/** Subjects that each newcomer looks at, so that idle ones go as fast as new ones come. */
const sweepSteps = 2;
/** Subjects to choose from when somebody has to go. */
const evictionSample = 16;

/** The record of a subject that is not held. */
export const noRecord = -1;

/**
 * The subjects of one scope, each with a record of numbers at an address. Holds at most `maxSubjects`, without a timer:
 * each newcomer drops idle subjects that it comes across. Only when the shelf is full of subjects that matter does it
 * drop one of those: of a sample of 16, the one that matters for the shortest time.
 */
export class Shelf {
  readonly #slab = new Slab();
  /** The places of strict limits. */
  readonly logs: CellLogs = new CellLogs(this.#slab);
  /** The places of smooth limits. */
  readonly debts: Debts = new Debts(this.#slab);
  readonly #maxSubjects: number;
  readonly #records = new Map<string, number>();
  readonly #places = new Map<string, number>();
  #hand = this.#records.entries();

  constructor(maxSubjects: number) {
    this.#maxSubjects = maxSubjects;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Where in a record the limit of this name has its place. A name that is new makes room in all records. */
  placeOf(name: string): number {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#width;
      this.#widen(name);
    }
    return place;
  }

  /** The subject's record, or {@link noRecord}. */
  find(subject: string): number {
    return this.#records.get(subject) ?? noRecord;
  }

  /** Makes room and takes in a subject that is not held yet. */
  add(subject: string, now: number): number {
    const full = this.#records.size >= this.#maxSubjects;
    const soonest = this.#sweep(now, full ? evictionSample : sweepSteps);
    if (soonest !== undefined && this.#records.size >= this.#maxSubjects) this.drop(soonest);
    const record = this.#slab.allocate(this.#width);
    const numbers = this.#slab.chunkOf(record);
    const at = offsetOf(record);
    numbers.fill(0, at, at + this.#width);
    numbers[at + mattersUntil] = now;
    numbers[at + blockedUntil] = -Infinity;
    this.#records.set(subject, record);
    return record;
  }

  /** Keeps a record from being taken for idle until then. */
  keepUntil(record: number, instant: number): void {
    const numbers = this.#slab.chunkOf(record);
    const at = offsetOf(record) + mattersUntil;
    if ((numbers[at] as number) < instant) numbers[at] = instant;
  }

  blockedUntil(record: number): number {
    return this.#slab.chunkOf(record)[offsetOf(record) + blockedUntil] as number;
  }

  block(record: number, until: number): void {
    this.#slab.chunkOf(record)[offsetOf(record) + blockedUntil] = until;
    this.keepUntil(record, until);
  }

  /** Forgets a subject. */
  drop(subject: string): void {
    const record = this.find(subject);
    if (record === noRecord) return;
    this.#records.delete(subject);
    for (let place = headerWidth; place < this.#width; place += placeWidth) this.logs.clear(record + place);
    this.#slab.free(record, this.#width);
  }

  get #width(): number {
    return headerWidth + this.#places.size * placeWidth;
  }

  #widen(name: string): void {
    const width = this.#width;
    this.#places.set(name, width);
    for (const [subject, narrow] of this.#records) {
      const wide = this.#slab.allocate(this.#width);
      const numbers = this.#slab.chunkOf(narrow).subarray(offsetOf(narrow), offsetOf(narrow) + width);
      this.#slab.chunkOf(wide).set(numbers, offsetOf(wide));
      this.#slab.free(narrow, width);
      this.#records.set(subject, wide);
    }
  }

  /** Drops idle subjects among the next `steps`; returns the one of the others that matters for the shortest time. */
  #sweep(now: number, steps: number): string | undefined {
    let soonest: string | undefined;
    let soonestAt = Infinity;
    for (let step = 0; step < steps; step += 1) {
      const entry = this.#next();
      if (entry === undefined) break;
      const [subject, record] = entry;
      const until = this.#slab.chunkOf(record)[offsetOf(record) + mattersUntil] as number;
      if (until <= now) this.drop(subject);
      else if (until < soonestAt) [soonest, soonestAt] = [subject, until];
    }
    return soonest;
  }

  /** The hand goes round and round; a map's iterator sees what comes and goes. */
  #next(): readonly [string, number] | undefined {
    const step = this.#hand.next();
    if (step.done !== true) return step.value;
    this.#hand = this.#records.entries();
    const first = this.#hand.next();
    return first.done === true ? undefined : first.value;
  }
}
