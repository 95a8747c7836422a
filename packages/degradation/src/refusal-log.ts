import { type CallCriticality, callCriticalities } from './admission.ts';
import type { DegradationNews } from './events.ts';
import type { Level } from './levels.ts';
import type { Score } from './load-score.ts';

type Counts = Record<CallCriticality, number>;

/** Between two events about refusals, at least, in milliseconds. */
const reportMs = 1_000;

/** A stretch of time in which some calls are refused. */
interface Episode {
  readonly startedAt: number;
  readonly before: Counts;
  reportedAt: number;
  reported: Counts;
}

/**
 * Counts refusals and tells of them: that they begin, how many there were each second and the rest at the end, and that they
 * have stopped. However many calls are refused, a log of the events does not add to the load.
 */
export class RefusalLog {
  readonly #tell: (news: DegradationNews) => void;
  readonly #refused: Counts = noCounts();
  #episode: Episode | undefined;

  constructor(tell: (news: DegradationNews) => void) {
    this.#tell = tell;
  }

  /** Calls refused so far. */
  get refused(): Readonly<Counts> {
    return { ...this.#refused };
  }

  count(criticality: CallCriticality): void {
    this.#refused[criticality] += 1;
  }

  update(now: number, refusing: boolean, level: Level, { score, top, values }: Score): void {
    const episode = this.#episode;
    if (episode !== undefined) this.#continue(episode, now, refusing);
    else if (refusing) {
      const refused = this.refused;
      this.#episode = { startedAt: now, before: refused, reportedAt: now, reported: refused };
      this.#tell({ type: 'admission-started', level, score, top, values });
    }
  }

  #continue(episode: Episode, now: number, refusing: boolean): void {
    if (now - episode.reportedAt >= reportMs || !refusing) this.#report(episode, now);
    if (refusing) return;
    const { startedAt, before } = episode;
    this.#episode = undefined;
    this.#tell({ type: 'admission-stopped', durationMs: now - startedAt, refused: this.#since(before) });
  }

  #report(episode: Episode, now: number): void {
    const refused = this.#since(episode.reported);
    if (callCriticalities.every((each) => refused[each] === 0)) return;
    const durationMs = now - episode.reportedAt;
    episode.reportedAt = now;
    episode.reported = this.refused;
    this.#tell({ type: 'admission-refused', durationMs, refused });
  }

  #since(before: Counts): Counts {
    const refused = noCounts();
    for (const each of callCriticalities) refused[each] = this.#refused[each] - before[each];
    return refused;
  }
}

function noCounts(): Counts {
  return { sheddable: 0, degradable: 0, normal: 0, critical: 0, system: 0 };
}
