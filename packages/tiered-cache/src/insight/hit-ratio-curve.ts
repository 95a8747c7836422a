import { wholeNumber } from '@holdfast/core';

import type { ReadRecorder } from '../options.ts';
import { HalfLife } from './half-life.ts';
import { type HitRatioCurveOptions, resolveHitRatioCurveOptions } from './options.ts';
import { ReadSampler } from './read-sampler.ts';
import { ReuseTimes } from './reuse-times.ts';

/** What a first tier of so many entries would answer. */
export interface CurvePoint {
  readonly entries: number;
  /** Share of the reads, 0…1. */
  readonly hitRatio: number;
}

/** The sizes of a curve, as multiples of the one in question. */
const multiples = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8] as const;

/** The largest of them. */
const reach = 8;

/** Beyond this, more samples cost more than they tell. */
const highestSampleRatio = 1 / 16;

/** What has faded more often than that counts as nothing. */
const maxFadings = 50;

/**
 * What hit ratio a first tier of another size would have on the same reads, if it pushed out what was read longest ago
 * and nothing expired or was deleted: the most that the size can give, once it has filled up.
 *
 * Now and then the key of a read is watched until it is read again. How long that takes, over many such reads, gives
 * the whole curve. Keys are watched in so thin a sample that those which a memory of eight times the size would hold
 * fit into `maxWatched`; the key watched longest makes room.
 *
 * Where reads go on in the same manner it comes within 0.02 of the true ratio, after some 100 reads for each entry.
 * Where they change their manner by turns it may show what half or twice the size has. Each read costs one lookup in a
 * small map, whatever its key.
 *
 * Invariants:
 * - no more than `maxWatched` keys are held;
 * - ratios are from 0 to 1 and never fall as the size grows.
 */
export class HitRatioCurve implements ReadRecorder {
  readonly #entries: number;
  readonly #maxWatched: number;
  readonly #halfLife: HalfLife;
  readonly #sampler: ReadSampler;
  readonly #times = new ReuseTimes();
  /** The read at which each key came under watch, the earliest first. */
  readonly #watched = new Map<string, number>();
  /** After which read what was counted faded, and by how much. */
  readonly #fadings: { readonly reads: number; readonly factor: number }[] = [];
  #reads = 0;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: HitRatioCurveOptions) {
    const { entries, maxWatched, halfLifeMs, clock, random } = resolveHitRatioCurveOptions(options);
    this.#entries = entries;
    this.#maxWatched = maxWatched;
    this.#halfLife = new HalfLife(halfLifeMs, clock);
    // Of the keys in a memory, a share that is the sample's ratio is under watch.
    this.#sampler = new ReadSampler(Math.min(highestSampleRatio, maxWatched / (reach * entries)), random);
  }

  /** Keys, faded, whose watch is over: that many observations the curve is made of. Wait for some hundred. */
  get samples(): number {
    this.#fade();
    return this.#times.count;
  }

  /** Keys under watch now. */
  get watched(): number {
    return this.#watched.size;
  }

  record(key: string): void {
    this.#reads += 1;
    const since = this.#watched.get(key);
    if (since !== undefined) this.#finish(key, since);
    if (this.#sampler.draw()) this.#watch(key);
  }

  /** The hit ratio at an eighth of the size in question, at a quarter and so on up to eight times. */
  curve(): readonly CurvePoint[] {
    const sizes = new Set(multiples.map((each) => Math.max(1, Math.round(this.#entries * each))));
    return [...sizes].map((entries) => ({ entries, hitRatio: this.hitRatio(entries) }));
  }

  /**
   * The hit ratio, 0…1, that a first tier of so many entries would have; 0 while there are no `samples`.
   *
   * @param entries - From 1 to eight times the size in question.
   */
  hitRatio(entries: number): number {
    wholeNumber('entries', entries, 1, reach * this.#entries);
    this.#fade();
    const waiting = [...this.#watched.values()].map(
      (since) => [this.#reads - since, this.#weightOf(since)] as const,
    );
    return this.#times.hitRatio(entries, waiting);
  }

  #finish(key: string, since: number): void {
    this.#watched.delete(key);
    this.#times.addReturned(this.#reads - since, this.#weightOf(since));
  }

  #watch(key: string): void {
    this.#fade();
    if (this.#watched.size === this.#maxWatched) this.#dropEarliest();
    this.#watched.set(key, this.#reads);
  }

  #fade(): void {
    const factor = this.#halfLife.factor();
    if (factor === 1) return;
    this.#times.fade(factor);
    this.#fadings.push({ reads: this.#reads, factor });
    if (this.#fadings.length > maxFadings) this.#fadings.shift();
  }

  #dropEarliest(): void {
    for (const [key, since] of this.#watched) {
      this.#watched.delete(key);
      this.#times.addLost(this.#reads - since, this.#weightOf(since));
      return;
    }
  }

  /** What a read is worth now: it has faded since, although it is counted only now that its key's watch is over. */
  #weightOf(since: number): number {
    let weight = 1;
    for (let index = this.#fadings.length - 1; index >= 0; index -= 1) {
      const { reads, factor } = this.#fadings[index]!;
      if (reads < since) break;
      weight *= factor;
    }
    return weight;
  }
}
