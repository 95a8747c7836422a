import { atLeast, type Clock, methods, object, ratio, systemClock, wholeNumber } from '@holdfast/core';

export interface RetryBudgetOptions {
  /** Retries that each call earns, from 0 to 1. Defaults to 0.2: when everything fails, load grows by a fifth. */
  readonly ratio?: number | undefined;
  /** Retries per second that are free, so that rare calls may be retried too; at least 0. Defaults to 3. */
  readonly minPerSecond?: number | undefined;
  /** Most retries saved up for later, at least 1. Defaults to 100. */
  readonly maxSaved?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/**
 * Bounds retries by the traffic, so that retrying cannot keep down what failed under load. Share one among all the
 * retries that end up at the same dependency. First attempts are never refused.
 *
 * Invariant: in any span of `t` seconds, however busy, at most
 * `ratio × calls + maxSaved + minPerSecond × (t + 1)` retries are granted, and one more at most where `minPerSecond` is no
 * whole retry; and since the budget was made, at most `ratio × calls + minPerSecond × (t + 1)`.
 *
 * @see gRFC A6, "Retry Throttling", for tokens earned by calls; Finagle's RetryBudget for the free ones
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #minPerSecond: number;
  /** What a second brings, or one whole retry where that takes longer. */
  readonly #maxFree: number;
  readonly #maxSaved: number;
  readonly #clock: Clock;
  #saved = 0;
  #free: number;
  #freeAt: number;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: RetryBudgetOptions = {}) {
    object('options', options);
    this.#ratio = ratio('ratio', options.ratio ?? 0.2);
    this.#minPerSecond = atLeast('minPerSecond', options.minPerSecond ?? 3, 0);
    this.#maxFree = this.#minPerSecond === 0 ? 0 : Math.max(1, this.#minPerSecond);
    this.#maxSaved = wholeNumber('maxSaved', options.maxSaved ?? 100, 1);
    this.#clock = methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule');
    this.#free = this.#minPerSecond;
    this.#freeAt = this.#clock.now();
  }

  /** Notes a call, whatever becomes of it. Call it once per call, not per attempt. */
  earn(): void {
    this.#saved = Math.min(this.#maxSaved, this.#saved + this.#ratio);
  }

  /** Takes one retry out of the budget; `false` if there is none left. */
  trySpend(): boolean {
    if (this.#saved >= 1) {
      this.#saved -= 1;
      return true;
    }
    this.#refill();
    if (this.#free < 1) return false;
    this.#free -= 1;
    return true;
  }

  #refill(): void {
    const now = this.#clock.now();
    const earned = ((now - this.#freeAt) / 1_000) * this.#minPerSecond;
    this.#free = Math.min(this.#maxFree, this.#free + earned);
    this.#freeAt = now;
  }
}
