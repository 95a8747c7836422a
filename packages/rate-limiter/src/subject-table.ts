import type { CellLog } from './cell-log.ts';

/** What one subject spent, per limit of its scope. */
export interface SubjectCounts {
  /** By slot of the limit; empty where it never spent. */
  readonly logs: (CellLog | undefined)[];
  /** From this instant on nothing of it counts. */
  countsUntil: number;
}

/** Entries that each newcomer looks at, so that idle ones go as fast as new ones come. */
const sweepSteps = 2;
/** Entries to choose from when somebody has to go. */
const evictionSample = 16;

/**
 * The subjects of one scope. Holds at most `maxSubjects`, without a timer: each newcomer drops idle subjects that it
 * comes across. Only when the table is full of subjects that count does it drop one of those: of a sample of 16, the
 * one whose spending runs out first.
 */
export class SubjectTable {
  readonly #maxSubjects: number;
  readonly #held = new Map<string, SubjectCounts>();
  #hand = this.#held.entries();

  constructor(maxSubjects: number) {
    this.#maxSubjects = maxSubjects;
  }

  get size(): number {
    return this.#held.size;
  }

  find(subject: string): SubjectCounts | undefined {
    return this.#held.get(subject);
  }

  /** Makes room and takes in a subject that is not held yet, with a place for each of `slots` limits. */
  add(subject: string, now: number, slots: number): SubjectCounts {
    const full = this.#held.size >= this.#maxSubjects;
    const soonest = this.#sweep(now, full ? evictionSample : sweepSteps);
    if (soonest !== undefined && this.#held.size >= this.#maxSubjects) this.#held.delete(soonest);
    const counts: SubjectCounts = {
      logs: Array.from<CellLog | undefined>({ length: slots }),
      countsUntil: now,
    };
    this.#held.set(subject, counts);
    return counts;
  }

  /** Drops idle subjects among the next `steps`; returns the subject that runs out first among the others. */
  #sweep(now: number, steps: number): string | undefined {
    let soonest: string | undefined;
    let soonestAt = Infinity;
    for (let step = 0; step < steps; step += 1) {
      const entry = this.#next();
      if (entry === undefined) break;
      const [subject, { countsUntil }] = entry;
      if (countsUntil <= now) this.#held.delete(subject);
      else if (countsUntil < soonestAt) [soonest, soonestAt] = [subject, countsUntil];
    }
    return soonest;
  }

  /** The hand goes round and round; a map's iterator sees what comes and goes. */
  #next(): readonly [string, SubjectCounts] | undefined {
    const step = this.#hand.next();
    if (step.done !== true) return step.value;
    this.#hand = this.#held.entries();
    const first = this.#hand.next();
    return first.done === true ? undefined : first.value;
  }
}
