import type { Labels } from '../family.ts';
import type { SeriesPlace, Tally } from './tally.ts';

/** One series that goes up and down. Keep it where the change happens, as a `Counter`. */
export class Gauge {
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

  /** Any number but NaN, which is left out and shows in `resilience_observer_errors_total`. */
  set(value: number): void {
    if (Number.isNaN(value)) {
      this.#tally.invalid += 1;
      return;
    }
    this.#value = value;
    if (this.#overflow) this.#tally.folded += 1;
  }

  /** Moves the value by `amount`, down if it is negative. As {@link set} otherwise. */
  add(amount: number = 1): void {
    this.set(this.#value + amount);
  }
}
