import type { Corpus, Section } from './corpus.ts';
import { Library } from './library.ts';
import { SeededRandom } from './random.ts';
import { Reader, type ReaderProfile, type SyntheticAccess } from './reader.ts';

/** A made-up history of reading. Its numbers show that code works, and nothing about people. */
export interface SyntheticTrace {
  readonly synthetic: true;
  readonly seed: number;
  readonly users: readonly string[];
  /** In the order of time. */
  readonly accesses: readonly SyntheticAccess[];
}

export interface TraceOptions {
  readonly seed: number;
  /** Defaults to 36. */
  readonly users?: number | undefined;
  /** Defaults to 14. */
  readonly days?: number | undefined;
  /** Midnight, UTC, of the first day, in milliseconds since 1970. Defaults to Monday, 5 January 2026. */
  readonly startAt?: number | undefined;
}

const dayMs = 86_400_000;

/**
 * Lets made-up readers walk the documentation: along its real links, from section to section, back to where they were,
 * or off to what is popular. Each reader has files of interest, hours of the day, and is seldom there at weekends.
 */
export function generateTrace(corpus: Corpus, options: TraceOptions): SyntheticTrace {
  const { seed, users = 36, days = 14, startAt = Date.UTC(2026, 0, 5) } = options;
  const random = new SeededRandom(seed);
  const library = new Library(corpus);
  const profiles = Array.from({ length: users }, (_, index) => profileOf(index, library, random));
  const accesses: SyntheticAccess[] = [];
  for (const profile of profiles) {
    const reader = new Reader(profile, library, new SeededRandom(random.below(2 ** 32)));
    for (let day = 0; day < days; day += 1) accesses.push(...reader.day(startAt + day * dayMs));
  }
  accesses.sort((a, b) => a.at - b.at || (a.eventId < b.eventId ? -1 : 1));
  return { synthetic: true, seed, users: profiles.map(({ user }) => user), accesses };
}

/** Large files interest more readers than small ones. */
function profileOf(index: number, library: Library, random: SeededRandom): ReaderProfile {
  const weighted = library.files.map((file) => [file, Math.sqrt(file.length)] as const);
  const interest = (): readonly Section[] => random.pickWeighted(weighted);
  return {
    user: `reader-${String(index + 1).padStart(2, '0')}`,
    morning: [interest(), interest()],
    evening: [interest(), interest()],
    firstHour: 6 + random.below(4),
    lastHour: 17 + random.below(5),
    sessionsPerDay: 1 + random.below(3),
    weekendRatio: random.next() * 0.4,
    habit: 0.3 + random.next() * 0.4,
  };
}
