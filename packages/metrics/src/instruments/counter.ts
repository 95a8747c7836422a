import type { Labels } from '../family.ts';
import type { SeriesPlace, Tally } from './tally.ts';

/**
 * One series that only grows. Keep it where the counting happens: {@link add} is a few nanoseconds, finding the
 * series is not.
 */
export class Counter {
  readonly labels: Labels;
  readonly #tally: Tally;
  readonly #overflow: boolean;
  #value = 0;

  constructor(place: SeriesPlace) {
    this.labels = place.labels;
    this.#tally = place.tally;
    this.#overflow = place.overflow;
  }

  get value(): number {
    return this.#value;
  }

  /**
   * Adds a finite `amount` of at least 0. Anything else is left out and shows in `resilience_observer_errors_total`,
   * because counting must not break what is counted.
   */
  add(amount: number = 1): void {
    if (amount >= 0 && amount < Infinity) {
      this.#value += amount;
      if (this.#overflow) this.#tally.folded += 1;
    } else this.#tally.invalid += 1;
  }
}
