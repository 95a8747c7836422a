import { wholeNumber } from '@holdfast/core';

/**
 * A number of places to work at, and a line before them.
 *
 * Invariant: somebody waits only while all places are taken. Deliberately plain: it stands for a server of somebody
 * else, who does not have our bulkhead.
 */
export class Slots {
  readonly #maxQueued: number;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number, maxQueued: number) {
    this.#free = wholeNumber('concurrency', count, 1);
    this.#maxQueued = wholeNumber('maxQueued', maxQueued, 0);
  }

  /** Waits for a place, and answers with what gives it back; `undefined` at once if the line is full. */
  async take(): Promise<(() => void) | undefined> {
    if (this.#free > 0) this.#free -= 1;
    else if (this.#waiting.length >= this.#maxQueued) return undefined;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => this.#release();
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
