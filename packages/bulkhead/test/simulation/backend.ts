import type { Clock } from '@holdfast/core';

/** A dependency with so many workers and a queue of its own without bounds, as most have. */
export class Backend {
  /** Factor on the time of each request that begins from now on. */
  slowness = 1;
  readonly #workers: number;
  readonly #clock: Clock;
  readonly #exponential: (mean: number) => number;
  readonly #waiting: (() => void)[] = [];
  #first = 0;
  #busy = 0;

  constructor(workers: number, clock: Clock, exponential: (mean: number) => number) {
    this.#workers = workers;
    this.#clock = clock;
    this.#exponential = exponential;
  }

  /** Takes 25 ms and a random time with a mean of 25 ms, once a worker is free. */
  readonly serve = (): Promise<void> =>
    new Promise((resolve) => {
      if (this.#busy < this.#workers) this.#begin(resolve);
      else this.#waiting.push(resolve);
    });

  #begin(resolve: () => void): void {
    this.#busy += 1;
    const takesMs = (25 + this.#exponential(25)) * this.slowness;
    this.#clock.schedule(() => {
      this.#busy -= 1;
      resolve();
      const next = this.#next();
      if (next !== undefined) this.#begin(next);
    }, takesMs);
  }

  #next(): (() => void) | undefined {
    const next = this.#waiting[this.#first];
    if (next !== undefined) this.#first += 1;
    if (this.#first === this.#waiting.length) this.#waiting.length = this.#first = 0;
    return next;
  }
}
