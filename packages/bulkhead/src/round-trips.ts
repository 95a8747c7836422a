/** Most round trips of one window that are kept; further ones are counted, but not in the mean. */
const capacity = 1_000;

/** The slowest so many are left out of the mean: a pause of the process or a hung call says nothing of the others. */
const trimmedRatio = 0.1;

/** What was answered within one window of time, and how fast. Nothing is allocated from window to window. */
export class RoundTrips {
  readonly #times = new Float64Array(capacity);
  #startedAt: number;
  #successes = 0;
  #overloads = 0;
  #peak = 0;

  constructor(now: number) {
    this.#startedAt = now;
  }

  /** Answers of all kinds. */
  get count(): number {
    return this.#successes + this.#overloads;
  }

  /** Most operations that ran at the same time. */
  get peak(): number {
    return this.#peak;
  }

  /** Share of the answers that were signs of overload. */
  get overloadRatio(): number {
    return this.#overloads / this.count;
  }

  elapsedMs(now: number): number {
    return now - this.#startedAt;
  }

  /** Successes per millisecond. */
  rate(now: number): number {
    return this.#successes / this.elapsedMs(now);
  }

  started(running: number): void {
    if (running > this.#peak) this.#peak = running;
  }

  succeeded(tookMs: number): void {
    if (this.#successes < capacity) this.#times[this.#successes] = tookMs;
    this.#successes += 1;
  }

  overloaded(): void {
    this.#overloads += 1;
  }

  /** Mean time of the successes, of which there are some, in milliseconds and without the slowest. */
  meanMs(): number {
    const kept = Math.min(this.#successes, capacity);
    // oxlint-disable-next-line unicorn/no-array-sort -- a copy of its own for each window would be garbage
    const sorted = this.#times.subarray(0, kept).sort();
    const counted = kept - Math.floor(kept * trimmedRatio);
    let sum = 0;
    for (let index = 0; index < counted; index += 1) sum += sorted[index] as number;
    return sum / counted;
  }

  /** Begins the next window, in which `running` operations run already. */
  restart(now: number, running: number): void {
    this.#startedAt = now;
    this.#successes = this.#overloads = 0;
    this.#peak = running;
  }
}
