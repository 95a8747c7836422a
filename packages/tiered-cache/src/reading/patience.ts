import type { Clock } from '@holdfast/core';

/**
 * How much time one read may spend on tiers that others keep: each wait takes from what is left, and when nothing is left
 * the read goes on without them.
 */
export class Patience {
  readonly #clock: Clock;
  #leftMs: number;

  constructor(totalMs: number, clock: Clock) {
    this.#leftMs = totalMs;
    this.#clock = clock;
  }

  /** Takes what has passed since `startedAt` from what is left. */
  spent(startedAt: number, now: number = this.#clock.now()): void {
    this.#leftMs -= now - startedAt;
  }

  /** What `work` gives, told how long it may take; `undefined` without asking when no time is left. */
  async spend<T>(work: (limitMs: number) => Promise<T>): Promise<T | undefined> {
    if (this.#leftMs <= 0) return undefined;
    const startedAt = this.#clock.now();
    try {
      return await work(this.#leftMs);
    } finally {
      this.spent(startedAt);
    }
  }
}
