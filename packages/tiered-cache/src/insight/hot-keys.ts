import { wholeNumber } from '@holdfast/core';

import type { ReadRecorder } from '../options.ts';
import { HalfLife } from './half-life.ts';
import { IndexHeap } from './index-heap.ts';
import { type HotKeysOptions, resolveHotKeysOptions } from './options.ts';
import { ReadSampler } from './read-sampler.ts';

/** How often a key was read, lately. Both numbers are scaled up from the sample and faded. */
export interface HotKey {
  readonly key: string;
  /** At most so many reads. */
  readonly count: number;
  /** Of `count`, so many may have been reads of other keys: there were at least `count - error`. */
  readonly error: number;
}

/**
 * The keys that are read most, from a stream of reads of any length, in memory for `maxKeys` of them. Counts fade, so
 * that the heroes of yesterday make room. Most calls of `record` only count down to the next read that is sampled.
 *
 * Invariants, of the reads in the sample; with a `sampleRatio` of 1 these are all reads:
 * - no more than `maxKeys` keys are held;
 * - of each key that is held, `count - error <= reads <= count`, all of them faded alike;
 * - a key with more than its fair share, a `maxKeys`th of all reads, is held.
 *
 * @see Metwally, Agrawal and El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams (2005),
 * "Space-Saving". With a heap in the place of its list of buckets, because faded counts are not whole.
 */
export class HotKeys implements ReadRecorder {
  readonly #maxKeys: number;
  readonly #halfLife: HalfLife;
  readonly #sampler: ReadSampler;
  readonly #ids = new Map<string, number>();
  /** By id. */
  readonly #keys: string[] = [];
  /** The ids by count, the coldest first. */
  readonly #counts: IndexHeap;
  readonly #errors: Float64Array;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: HotKeysOptions = {}) {
    const { maxKeys, sampleRatio, halfLifeMs, clock, random } = resolveHotKeysOptions(options);
    this.#maxKeys = maxKeys;
    this.#halfLife = new HalfLife(halfLifeMs, clock);
    this.#sampler = new ReadSampler(sampleRatio, random);
    this.#counts = new IndexHeap(maxKeys);
    this.#errors = new Float64Array(maxKeys);
  }

  record(key: string): void {
    if (this.#sampler.draw()) this.#count(key);
  }

  /**
   * The hottest keys, the hottest first: those with most reads for certain, `count - error`, so that keys which have
   * only just come in during a scan are last.
   *
   * @param limit - Most keys given, from 1. Defaults to all that are held.
   */
  top(limit: number = this.#maxKeys): readonly HotKey[] {
    wholeNumber('limit', limit, 1);
    this.#fade();
    return this.#keys
      .map((key, id) => this.#view(key, id))
      .toSorted((a, b) => b.count - b.error - (a.count - a.error) || b.count - a.count)
      .slice(0, limit);
  }

  #count(key: string): void {
    this.#fade();
    const id = this.#ids.get(key);
    if (id !== undefined) this.#counts.raise(id, this.#counts.rankOf(id) + 1);
    else if (this.#keys.length < this.#maxKeys) this.#admit(key);
    else this.#replaceColdest(key);
  }

  #fade(): void {
    const factor = this.#halfLife.factor();
    if (factor === 1) return;
    this.#counts.scale(factor);
    for (let id = 0; id < this.#keys.length; id += 1) this.#errors[id]! *= factor;
  }

  #admit(key: string): void {
    const id = this.#keys.length;
    this.#keys.push(key);
    this.#ids.set(key, id);
    this.#counts.push(id, 1);
  }

  /** The newcomer takes over the count of the key that it pushes out: it may have been here before. */
  #replaceColdest(key: string): void {
    const id = this.#counts.first;
    const count = this.#counts.rankOf(id);
    this.#ids.delete(this.#keys[id]!);
    this.#ids.set(key, id);
    this.#keys[id] = key;
    this.#errors[id] = count;
    this.#counts.raise(id, count + 1);
  }

  #view(key: string, id: number): HotKey {
    const { ratio } = this.#sampler;
    return { key, count: this.#counts.rankOf(id) / ratio, error: this.#errors[id]! / ratio };
  }
}
