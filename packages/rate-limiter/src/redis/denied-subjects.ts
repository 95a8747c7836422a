import type { Bound } from './bound.ts';

export interface Denial {
  blockedUntil: number;
  /** By index in the plan. */
  readonly bounds: (Bound | undefined)[];
  /** Was looked up since the hand came by. */
  wasAsked: boolean;
}

/** Entries to choose from when somebody has to go. */
const evictionSample = 16;

/**
 * The refused subjects of one scope; at most `maxSubjects`. When it is full, a newcomer replaces an entry that has run out or
 * that nobody asked for since the hand came by last, as SIEVE does: a flood of subjects that are refused once replaces its
 * own, not those that are refused again and again.
 *
 * @see Zhang et al., SIEVE is Simpler than LRU, NSDI 2024
 */
export class DeniedSubjects {
  readonly #maxSubjects: number;
  readonly #held = new Map<string, Denial>();
  #hand = this.#held.entries();

  constructor(maxSubjects: number) {
    this.#maxSubjects = maxSubjects;
  }

  get size(): number {
    return this.#held.size;
  }

  has(subject: string): boolean {
    return this.#held.has(subject);
  }

  find(subject: string): Denial | undefined {
    const denial = this.#held.get(subject);
    if (denial !== undefined) denial.wasAsked = true;
    return denial;
  }

  /** Adds what was learnt now. Of two bounds that still hold, that of the smaller cost is kept: it answers more calls. */
  note(
    subject: string,
    { blockedUntil, bounds }: { readonly blockedUntil: number; readonly bounds: readonly Bound[] },
    now: number,
  ): void {
    const denial = this.#held.get(subject) ?? this.#take(subject, now);
    if (denial === undefined) return;
    denial.blockedUntil = blockedUntil;
    for (const bound of bounds) {
      const known = denial.bounds[bound.index];
      const keeps =
        known !== undefined && known.until > now && known.cost <= bound.cost && known.limit >= bound.limit;
      if (!keeps) denial.bounds[bound.index] = bound;
    }
  }

  delete(subject: string): void {
    this.#held.delete(subject);
  }

  /** A place for a newcomer, or `undefined` if all that the hand came by are in use. */
  #take(subject: string, now: number): Denial | undefined {
    if (this.#held.size >= this.#maxSubjects && !this.#evictOne(now)) return undefined;
    const denial: Denial = { blockedUntil: 0, bounds: [], wasAsked: false };
    this.#held.set(subject, denial);
    return denial;
  }

  #evictOne(now: number): boolean {
    for (let step = 0; step < evictionSample; step += 1) {
      const entry = this.#next();
      if (entry === undefined) return false;
      const [subject, denial] = entry;
      if (!denial.wasAsked || hasRunOut(denial, now)) {
        this.#held.delete(subject);
        return true;
      }
      denial.wasAsked = false;
    }
    return false;
  }

  /** The hand goes round and round; a map's iterator sees what comes and goes. */
  #next(): readonly [string, Denial] | undefined {
    const step = this.#hand.next();
    if (step.done !== true) return step.value;
    this.#hand = this.#held.entries();
    const first = this.#hand.next();
    return first.done === true ? undefined : first.value;
  }
}

function hasRunOut({ blockedUntil, bounds }: Denial, now: number): boolean {
  return blockedUntil <= now && bounds.every((bound) => bound === undefined || bound.until <= now);
}
