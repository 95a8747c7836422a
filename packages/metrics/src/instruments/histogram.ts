import type { Distribution, Labels } from '../family.ts';
import type { SeriesPlace, Tally } from './tally.ts';

/**
 * One series that sorts observations into buckets. Keep it where the observing happens, as a `Counter`.
 *
 * Invariants: every observation is in exactly one bucket, the lowest whose upper bound is not below it; `sum` is the
 * sum of the observations that were counted, and of no other.
 */
export class Histogram {
  readonly labels: Labels;
  readonly #tally: Tally;
  readonly #overflow: boolean;
  readonly #bounds: Float64Array;
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(place: SeriesPlace, bounds: readonly number[]) {
    this.labels = place.labels;
    this.#tally = place.tally;
    this.#overflow = place.overflow;
    this.#bounds = Float64Array.from(bounds);
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** Takes a finite `value`, in the base unit of the metric. Anything else is left out, as by a `Counter`. */
  observe(value: number): void {
    if (!Number.isFinite(value)) {
      this.#tally.invalid += 1;
      return;
    }
    const bounds = this.#bounds;
    let bucket = 0;
    // A dozen neighbouring doubles: a straight scan beats a binary search.
    while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
    this.#counts[bucket]! += 1;
    this.#sum += value;
    if (this.#overflow) this.#tally.folded += 1;
  }

  read(): Distribution {
    const cumulative: number[] = [];
    let count = 0;
    for (const inBucket of this.#counts) cumulative.push((count += inBucket));
    cumulative.pop();
    return { labels: this.labels, cumulative, count, sum: this.#sum };
  }
}
