/** Attempts and how many were taken on, of the last stretch of time. Moves on when it is asked: it has no timer. */
export class AttemptWindow {
  readonly #bucketMs: number;
  readonly #attempts: Float64Array;
  readonly #accepted: Float64Array;
  /** Number of the newest bucket since the clock began. */
  #newest = -Infinity;
  #attemptsInAll = 0;
  #acceptedInAll = 0;

  constructor(windowMs: number, buckets: number) {
    this.#bucketMs = windowMs / buckets;
    this.#attempts = new Float64Array(buckets);
    this.#accepted = new Float64Array(buckets);
  }

  get attempts(): number {
    return this.#attemptsInAll;
  }

  get accepted(): number {
    return this.#acceptedInAll;
  }

  attempt(now: number): void {
    this.#attempts[this.moveOn(now)]! += 1;
    this.#attemptsInAll += 1;
  }

  /** Counts in the bucket of now, not in that of the attempt: what is learned now is true now. */
  accept(now: number): void {
    this.#accepted[this.moveOn(now)]! += 1;
    this.#acceptedInAll += 1;
  }

  /** Forgets what is too old. Gives the place of the newest bucket. `now` is at least 0. */
  moveOn(now: number): number {
    const { length } = this.#attempts;
    const bucket = Math.floor(now / this.#bucketMs);
    const first = Math.max(this.#newest + 1, bucket - length + 1, 0);
    for (let each = first; each <= bucket; each += 1) this.#empty(each % length);
    this.#newest = Math.max(this.#newest, bucket);
    return this.#newest % length;
  }

  #empty(place: number): void {
    this.#attemptsInAll -= this.#attempts[place]!;
    this.#acceptedInAll -= this.#accepted[place]!;
    this.#attempts[place] = 0;
    this.#accepted[place] = 0;
  }
}
