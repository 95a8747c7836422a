/**
 * What was asked for in about the last `spanMs`: all of the present span, and of the one before as much as the last `spanMs`
 * reach into it.
 */
export class Demand {
  readonly #spanMs: number;
  #startedAt = -Infinity;
  #present = 0;
  #before = 0;

  constructor(spanMs: number) {
    this.#spanMs = spanMs;
  }

  /** @param cost - below 0 for what turned out not to be wanted. */
  note(cost: number, now: number): void {
    this.#turn(now);
    this.#present += cost;
  }

  at(now: number): number {
    this.#turn(now);
    const share = 1 - (now - this.#startedAt) / this.#spanMs;
    return Math.max(0, this.#present + this.#before * share);
  }

  #turn(now: number): void {
    const passedMs = now - this.#startedAt;
    if (passedMs < this.#spanMs) return;
    this.#before = passedMs < 2 * this.#spanMs ? this.#present : 0;
    this.#present = 0;
    // What comes after a pause begins a span of its own.
    this.#startedAt = passedMs < 2 * this.#spanMs ? this.#startedAt + this.#spanMs : now;
  }
}
