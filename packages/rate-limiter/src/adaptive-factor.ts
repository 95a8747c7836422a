import {
  callable,
  type Cancel,
  type Clock,
  duration,
  InvalidOptionError,
  methods,
  object,
  ratio,
  systemClock,
} from '@holdfast/core';

export interface AdaptiveFactorOptions {
  /** How loaded the service is: 0 not at all, 1 fully. Read once per interval. No number counts as no news. */
  readonly score: () => number;

  /** The factor never goes below this; over 0, up to 1. Defaults to 0.1. */
  readonly min?: number | undefined;

  /** Over this score the factor goes down; from 0 to 1. Defaults to 0.85. */
  readonly highScore?: number | undefined;

  /** Under this score the factor goes up; from 0 up to `highScore`. Defaults to 0.7. */
  readonly lowScore?: number | undefined;

  /** Milliseconds between two samples; at least 1. Defaults to 1000. */
  readonly intervalMs?: number | undefined;

  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** Samples over the high score until the factor is lowered, and under the low one until it is raised. */
const samplesToLower = 2;
const samplesToRaise = 5;
const lowering = 0.8;
const raising = 0.05;

/**
 * The share of the limits that a service can honour now, for the `factor` of a limiter: additive increase, multiplicative
 * decrease. Two samples in a row over `highScore` take a fifth off, five in a row under `lowScore` add 0.05, and between
 * the two it holds: it goes down at least ten times as fast as it comes back.
 *
 * Invariant: the factor stays from `min` to 1.
 *
 * @see Chiu, Jain: Analysis of the increase and decrease algorithms for congestion avoidance in computer networks (1989)
 */
export class AdaptiveFactor implements Disposable {
  readonly #score: () => number;
  readonly #min: number;
  readonly #highScore: number;
  readonly #lowScore: number;
  readonly #intervalMs: number;
  readonly #clock: Clock;
  #factor = 1;
  #high = 0;
  #low = 0;
  #cancel: Cancel | undefined;

  /** @throws {InvalidOptionError} naming the first option that is wrong. */
  constructor(options: AdaptiveFactorOptions) {
    object('options', options);
    this.#score = callable('score', options.score);
    this.#min = ratio('min', options.min ?? 0.1, 'over');
    this.#highScore = ratio('highScore', options.highScore ?? 0.85);
    this.#lowScore = ratio('lowScore', options.lowScore ?? Math.min(0.7, this.#highScore));
    if (this.#lowScore > this.#highScore)
      throw new InvalidOptionError('lowScore', 'at most highScore', this.#lowScore);
    this.#intervalMs = duration('intervalMs', options.intervalMs ?? 1_000, 1);
    this.#clock = methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule');
  }

  /** From `min` to 1. */
  get factor(): number {
    return this.#factor;
  }

  /** Samples once per interval from now on, in the background. Does nothing if it does already. */
  start(): void {
    if (this.#cancel === undefined) this.#schedule();
  }

  /** Takes one sample now, for those who have a timer of their own. */
  sample(): void {
    const score = this.#read();
    this.#high = score > this.#highScore ? this.#high + 1 : 0;
    this.#low = score < this.#lowScore ? this.#low + 1 : 0;
    if (this.#high === samplesToLower) {
      this.#high = 0;
      this.#factor = Math.max(this.#min, this.#factor * lowering);
    } else if (this.#low === samplesToRaise) {
      this.#low = 0;
      this.#factor = Math.min(1, this.#factor + raising);
    }
  }

  /** Stops sampling; the factor stays as it is. */
  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(): void {
    const cancel = this.#clock.schedule(
      () => {
        this.sample();
        // Unless who was asked for the score has stopped it, or started it anew.
        if (this.#cancel === cancel) this.#schedule();
      },
      this.#intervalMs,
      { background: true },
    );
    this.#cancel = cancel;
  }

  /** What cannot be read changes nothing: the factor holds. */
  #read(): number {
    try {
      return this.#score();
    } catch {
      return Number.NaN;
    }
  }
}
