import { callable, duration, object, ratio, text } from '@holdfast/core';
import type { Signal } from '../signal.ts';

export interface QueueWaitOptions {
  /** Defaults to `'queueWait'`. */
  readonly name?: string | undefined;
  /** Wait that counts as none, in milliseconds. Defaults to 0. */
  readonly calmMs?: number | undefined;
  /** Wait that counts as 1, in milliseconds; over `calmMs`. Defaults to 50. */
  readonly fullMs?: number | undefined;
  /** Which of the waits counts, from 0 to 1. Defaults to 0.95: one in twenty waits longer. */
  readonly quantile?: number | undefined;
  /** How long the oldest that still waits has waited, in milliseconds: a queue that stands still ends no waits. */
  readonly oldestMs?: (() => number) | undefined;
}

/** Buckets grow by 2^(1/4), from 0.1 ms to 5.4 s or twice `fullMs`: a quantile is read at most 19 % too high up to there. */
const bucketsPerOctave = 4;
const smallestMs = 0.1;
const fewestBuckets = 64;

/** How long work has to wait before it begins: the least ambiguous sign of overload. Tell it each wait by {@link record}. */
export class QueueWait implements Signal {
  readonly name: string;
  readonly kind = 'queueing';
  readonly #calmMs: number;
  readonly #fullMs: number;
  readonly #quantile: number;
  readonly #oldestMs: () => number;
  readonly #counts: Uint32Array;
  #recorded = 0;

  constructor(options: QueueWaitOptions = {}) {
    object('options', options);
    this.name = text('name', options.name ?? 'queueWait');
    this.#calmMs = duration('calmMs', options.calmMs ?? 0);
    this.#fullMs = duration('fullMs', options.fullMs ?? 50, this.#calmMs + 1);
    this.#counts = new Uint32Array(Math.max(fewestBuckets, bucketOf(this.#fullMs) + bucketsPerOctave + 1));
    this.#quantile = ratio('quantile', options.quantile ?? 0.95);
    this.#oldestMs = callable('oldestMs', options.oldestMs ?? ((): number => 0));
  }

  /** Counts a wait that is over. What is no number of milliseconds is left out. */
  record(waitMs: number): void {
    if (!(waitMs >= 0)) return;
    this.#counts[Math.min(bucketOf(waitMs), this.#counts.length - 1)]! += 1;
    this.#recorded += 1;
  }

  read(): number {
    const waitMs = Math.max(this.#takeQuantile(), this.#oldestMs());
    return Math.max(0, waitMs - this.#calmMs) / (this.#fullMs - this.#calmMs);
  }

  /** Of the waits since the last reading; the upper end of their bucket. */
  #takeQuantile(): number {
    if (this.#recorded === 0) return 0;
    let left = Math.max(1, Math.ceil(this.#quantile * this.#recorded));
    const bucket = this.#counts.findIndex((count) => (left -= count) <= 0);
    this.#counts.fill(0);
    this.#recorded = 0;
    return bucket === 0 ? 0 : smallestMs * 2 ** (bucket / bucketsPerOctave);
  }
}

function bucketOf(waitMs: number): number {
  return Math.ceil(bucketsPerOctave * Math.log2(Math.max(waitMs, smallestMs) / smallestMs));
}
