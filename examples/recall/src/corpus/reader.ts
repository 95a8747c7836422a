import type { Section } from './corpus.ts';
import type { Library } from './library.ts';
import type { SeededRandom } from './random.ts';

/** Someone opened a section. Made up: no person did. */
export interface SyntheticAccess {
  readonly user: string;
  readonly eventId: string;
  /** Source of the section. */
  readonly source: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly session: string;
}

/** What a made-up reader is like. */
export interface ReaderProfile {
  readonly user: string;
  /** Files read before and after 13 o'clock. */
  readonly morning: readonly (readonly Section[])[];
  readonly evening: readonly (readonly Section[])[];
  /** Sessions begin from the first hour up to but not the last, UTC. */
  readonly firstHour: number;
  readonly lastHour: number;
  readonly sessionsPerDay: number;
  /** How many sessions of a working day there are at a weekend. */
  readonly weekendRatio: number;
  /** How likely a session starts where an earlier one did. */
  readonly habit: number;
}

const hourMs = 3_600_000;

/** How the next section is come by, with how often. What is not possible is left out and the rest grows. */
const steps = { link: 0.4, next: 0.3, back: 0.1, interest: 0.12, popular: 0.08 } as const;

/** Walks the documentation, one Markov step after another. */
export class Reader {
  readonly #profile: ReaderProfile;
  readonly #library: Library;
  readonly #random: SeededRandom;
  readonly #starts: Section[] = [];
  /** The link that this reader took from a section before, and tends to take again. */
  readonly #taken = new Map<Section, Section>();
  #sessions = 0;
  #events = 0;

  constructor(profile: ReaderProfile, library: Library, random: SeededRandom) {
    this.#profile = profile;
    this.#library = library;
    this.#random = random;
  }

  /** The accesses of the day that begins at `midnight`, in milliseconds since 1970. */
  day(midnight: number): readonly SyntheticAccess[] {
    const { sessionsPerDay, weekendRatio, firstHour, lastHour } = this.#profile;
    const weekend = new Date(midnight).getUTCDay() % 6 === 0;
    const accesses: SyntheticAccess[] = [];
    for (let session = 0; session < sessionsPerDay; session += 1) {
      if (weekend && this.#random.next() >= weekendRatio) continue;
      const hour = firstHour + this.#random.next() * (lastHour - firstHour);
      accesses.push(...this.#session(Math.round(midnight + hour * hourMs), hour < 13));
    }
    return accesses;
  }

  #session(startAt: number, early: boolean): readonly SyntheticAccess[] {
    const { user } = this.#profile;
    const interests = early ? this.#profile.morning : this.#profile.evening;
    const session = `${user}-s${(this.#sessions += 1)}`;
    const path = [this.#start(interests)];
    // A session has 2 to 11 accesses, 4.5 on average.
    while (path.length < 2 || (path.length < 11 && this.#random.next() < 0.72))
      path.push(this.#step(path, interests));
    let at = startAt;
    return path.map(({ source }) => {
      const access = { user, eventId: `${user}-e${(this.#events += 1)}`, source, at, session };
      at += 15_000 + this.#random.below(240_000);
      return access;
    });
  }

  #start(interests: ReaderProfile['morning']): Section {
    if (this.#starts.length > 0 && this.#random.next() < this.#profile.habit)
      return this.#random.pick(this.#starts);
    const start = this.#random.pick(this.#random.pick(interests));
    this.#starts.push(start);
    return start;
  }

  #step(path: readonly Section[], interests: ReaderProfile['morning']): Section {
    const here = path.at(-1) as Section;
    const links = this.#library.linked(here);
    const next = this.#library.next(here);
    const back = path.at(-2);
    const ways: (readonly [() => Section, number])[] = [
      [() => this.#random.pick(this.#random.pick(interests)), steps.interest],
      [() => this.#random.pickWeighted(this.#library.popular), steps.popular],
    ];
    if (links.length > 0) ways.push([() => this.#follow(here, links), steps.link]);
    if (next !== undefined) ways.push([() => next, steps.next]);
    if (back !== undefined) ways.push([() => back, steps.back]);
    const there = this.#random.pickWeighted(ways)();
    return there === here ? (next ?? this.#step(path, interests)) : there;
  }

  #follow(here: Section, links: readonly Section[]): Section {
    const before = this.#taken.get(here);
    if (before !== undefined && this.#random.next() < 0.6) return before;
    const link = this.#random.pick(links);
    this.#taken.set(here, link);
    return link;
  }
}
