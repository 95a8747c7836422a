import { type Clock, InvalidOptionError } from '@holdfast/core';
import {
  type Admission,
  type CallCriticality,
  callCriticalities,
  hourOf,
  isRefused,
  refusedRatio,
} from './admission.ts';
import { cohortOf } from './cohort.ts';
import type { DegradationNews } from './events.ts';
import type { Level } from './levels.ts';
import type { Score } from './load-score.ts';

type Counts = Record<CallCriticality, number>;

/** A shorter wait would bring the refused back before anything can have changed. */
const shortestRetryMs = 1_000;
/** How far waits are spread over the subjects. */
const retrySpreadRatio = 0.25;

/** Lets calls in or refuses them. What it looks up per call is computed once per sample. */
export class Gatekeeper {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #tell: (news: DegradationNews) => void;
  readonly #refused: Counts = noCounts();
  #ratios: Counts = noCounts();
  #level: Level = 'normal';
  #calmAfterMs = 0;
  #admission: Admission = admitted('normal', 0);
  /** While somebody is refused: since when, and the counts of then. */
  #episode: { readonly startedAt: number; readonly refused: Counts } | undefined;

  constructor(clock: Clock, random: () => number, tell: (news: DegradationNews) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#tell = tell;
  }

  /** Calls refused so far. */
  get refused(): Readonly<Counts> {
    return { ...this.#refused };
  }

  update(level: Level, score: Score, calmAfterMs: number): void {
    const ratios = noCounts();
    for (const each of callCriticalities)
      ratios[each] = refusedRatio(each, level, score.score, score.queueing);
    this.#ratios = ratios;
    this.#calmAfterMs = calmAfterMs;
    if (level !== this.#level) this.#admission = admitted(level, 0);
    this.#level = level;
    this.#noteEpisode(ratios.sheddable > 0, score);
  }

  admit(criticality: CallCriticality, subject: string | undefined): Admission {
    const ratio = this.#ratios[criticality] as unknown;
    if (ratio === 0) return this.#admission;
    // Whatever else an object has is no ratio.
    if (typeof ratio !== 'number') throw unknownCriticality(criticality);
    const refused =
      subject === undefined ? this.#random() < ratio : isRefused(ratio, subject, hourOf(this.#clock.epoch()));
    if (!refused) return admitted(this.#level, ratio);
    this.#refused[criticality] += 1;
    const spread = subject === undefined ? this.#random() : cohortOf(subject, 0);
    const waitMs = Math.max(shortestRetryMs, this.#calmAfterMs) * (1 + retrySpreadRatio * spread);
    return { admitted: false, refusedRatio: ratio, level: this.#level, retryAfterMs: Math.ceil(waitMs) };
  }

  #noteEpisode(refusing: boolean, { score, top, values }: Score): void {
    const now = this.#clock.now();
    if (refusing && this.#episode === undefined) {
      this.#episode = { startedAt: now, refused: this.refused };
      this.#tell({ type: 'admission-started', level: this.#level, score, top, values });
    } else if (!refusing && this.#episode !== undefined) {
      const { startedAt, refused: before } = this.#episode;
      const refused = noCounts();
      for (const each of callCriticalities) refused[each] = this.#refused[each] - before[each];
      this.#episode = undefined;
      this.#tell({ type: 'admission-stopped', durationMs: now - startedAt, refused });
    }
  }
}

function admitted(level: Level, ratio: number): Admission {
  return Object.freeze({ admitted: true, refusedRatio: ratio, level, retryAfterMs: 0 });
}

function noCounts(): Counts {
  return { sheddable: 0, degradable: 0, normal: 0, critical: 0, system: 0 };
}

function unknownCriticality(value: unknown): InvalidOptionError {
  const choices = callCriticalities.map((each) => `'${each}'`).join(', ');
  return new InvalidOptionError('criticality', `one of ${choices}`, value);
}
