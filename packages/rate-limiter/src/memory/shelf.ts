import type { LimitRule } from '../store.ts';
import { type Counter, placeWidth } from './counter.ts';
import { offsetOf, Slab } from './slab.ts';
import { SmoothCounter } from './smooth-counter.ts';
import { clearLog, StrictCounter } from './strict-counter.ts';

/** What a record begins with: from this instant on nothing in it matters, until that one the subject is blocked. */
const mattersUntil = 0;
const blockedUntil = 1;
const headerWidth = 2;

/** Subjects that each newcomer looks at, so that idle ones go as fast as new ones come. */
const sweepSteps = 2;
/** Subjects to choose from when somebody has to go. */
const evictionSample = 16;

/**
 * The subjects of one scope, each with a record of numbers at an address. Holds at most `maxSubjects`, without a timer:
 * each newcomer drops idle subjects that it comes across. Only when the shelf is full of subjects that matter does it
 * drop one of those: of a sample of 16, the one that matters for the shortest time.
 */
export class Shelf {
  readonly #slab = new Slab();
  readonly #maxSubjects: number;
  readonly #records = new Map<string, number>();
  readonly #places = new Map<string, number>();
  #hand = this.#records.entries();
  #nobody = this.#blank();

  constructor(maxSubjects: number) {
    this.#maxSubjects = maxSubjects;
  }

  get size(): number {
    return this.#records.size;
  }

  /** The record of all who are not held: nothing spent, not blocked. It is only read. */
  get nobody(): number {
    return this.#nobody;
  }

  /** Counts by a rule, in the place that all limits of its name and mode share. */
  counterOf(rule: LimitRule): Counter {
    const place = this.#placeOf(`${rule.mode} ${rule.name}`);
    return rule.mode === 'smooth'
      ? new SmoothCounter(rule, place)
      : new StrictCounter(rule, place, this.#slab);
  }

  /** The subject's record, or that of {@link nobody}. */
  find(subject: string): number {
    return this.#records.get(subject) ?? this.#nobody;
  }

  /** The chunk that holds the record, at {@link offsetOf}. */
  chunkOf(record: number): Float64Array {
    return this.#slab.chunkOf(record);
  }

  /** Makes room and takes in a subject that is not held yet. */
  add(subject: string, now: number): number {
    const full = this.#records.size >= this.#maxSubjects;
    const soonest = this.#sweep(now, full ? evictionSample : sweepSteps);
    if (soonest !== undefined && this.#records.size >= this.#maxSubjects) this.drop(soonest);
    const record = this.#blank();
    this.#records.set(subject, record);
    keepUntil(this.#slab.chunkOf(record), offsetOf(record), now);
    return record;
  }

  /** Blocks a subject until then, unless it is blocked for longer; `undefined` ends a block. */
  block(record: number, until: number | undefined): void {
    const numbers = this.#slab.chunkOf(record);
    const at = offsetOf(record);
    const latest = until === undefined ? -Infinity : Math.max(until, blockedUntilIn(numbers, at));
    numbers[at + blockedUntil] = latest;
    keepUntil(numbers, at, latest);
  }

  /** Forgets a subject. */
  drop(subject: string): void {
    const record = this.find(subject);
    if (record === this.#nobody) return;
    this.#records.delete(subject);
    const numbers = this.#slab.chunkOf(record);
    const at = offsetOf(record);
    // A debt is never below 0, so it looks like a log without a block.
    for (let place = headerWidth; place < this.#width; place += placeWidth)
      clearLog(this.#slab, numbers, at + place);
    this.#slab.free(record, this.#width);
  }

  /** Where in a record the limit of this name has its place. A name that is new makes room in all records. */
  #placeOf(name: string): number {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#width;
      this.#widen(name);
    }
    return place;
  }

  get #width(): number {
    return headerWidth + this.#places.size * placeWidth;
  }

  /** A new record, of somebody who spent nothing. */
  #blank(): number {
    const record = this.#slab.allocate(this.#width);
    const numbers = this.#slab.chunkOf(record);
    const at = offsetOf(record);
    numbers.fill(0, at, at + this.#width);
    numbers[at + mattersUntil] = -Infinity;
    numbers[at + blockedUntil] = -Infinity;
    return record;
  }

  #widen(name: string): void {
    const width = this.#width;
    this.#places.set(name, width);
    this.#slab.free(this.#nobody, width);
    this.#nobody = this.#blank();
    for (const [subject, narrow] of this.#records) {
      const wide = this.#blank();
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

/** Until when the subject of a record is blocked. */
export function blockedUntilIn(numbers: Float64Array, record: number): number {
  return numbers[record + blockedUntil] as number;
}

/** Keeps a record from being taken for idle until then. */
export function keepUntil(numbers: Float64Array, record: number, instant: number): void {
  const at = record + mattersUntil;
  if ((numbers[at] as number) < instant) numbers[at] = instant;
}
