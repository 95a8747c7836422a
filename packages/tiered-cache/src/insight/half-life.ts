import type { Clock } from '@holdfast/core';

/** Fades counts: what was counted loses half of its weight each time that a half-life is over. Needs no timer. */
export class HalfLife {
  readonly #halfLifeMs: number;
  readonly #clock: Clock;
  #halvedAt: number;

  /** @param halfLifeMs - Over 0; `Infinity` for counts that never fade. The clock is then not read. */
  constructor(halfLifeMs: number, clock: Clock) {
    this.#halfLifeMs = halfLifeMs;
    this.#clock = clock;
    this.#halvedAt = halfLifeMs === Infinity ? 0 : clock.now();
  }

  /** What to multiply every count by, now: 1 as long as no half-life has ended since the last call. */
  factor(): number {
    if (this.#halfLifeMs === Infinity) return 1;
    const elapsedMs = this.#clock.now() - this.#halvedAt;
    if (elapsedMs < this.#halfLifeMs) return 1;
    const halvings = Math.floor(elapsedMs / this.#halfLifeMs);
    this.#halvedAt += halvings * this.#halfLifeMs;
    return 0.5 ** halvings;
  }
}
