import type { Cancel } from '@holdfast/core';
import { LoadScore, type Score, type SignalObserver } from './load-score.ts';
import type { ResolvedDegradationOptions } from './options.ts';

/**
 * Measures the load in the rhythm of one background timer, or of whoever takes samples by hand.
 *
 * Invariant: when every signal is lost the last score holds for `signalGraceMs`, then it is 0.
 */
export class LoadMeter implements Disposable {
  readonly #options: ResolvedDegradationOptions;
  readonly #score: LoadScore;
  readonly #started: Disposable[] = [];
  #cancelTick: Cancel | undefined;
  #measured: Score = { score: 0, top: undefined, queueing: false, shortage: 0, values: {} };
  #measuredAt: number;
  #sampledAt: number | undefined;
  #holding = false;

  constructor(options: ResolvedDegradationOptions, observer: SignalObserver) {
    this.#options = options;
    this.#score = new LoadScore(options, observer);
    this.#measuredAt = options.clock.now();
  }

  /** As of the last sample. */
  get measured(): Score {
    return this.#measured;
  }

  /** Whether the last sample saw nothing, so that the score of an earlier one holds. */
  get holding(): boolean {
    return this.#holding;
  }

  /** Whether samples are taken. While there are none, nothing can come back with them. */
  get sampling(): boolean {
    return this.#sampledAt !== undefined;
  }

  /**
   * Starts the signals and calls `due` each `sampleIntervalMs` from now on; does nothing if it has begun.
   *
   * @throws What a signal throws that cannot start. Then none of them is left started.
   */
  start(due: () => void): void {
    if (this.#cancelTick !== undefined) return;
    const { clock, sampleIntervalMs } = this.#options;
    this.#startSignals();
    const tick = (): void => {
      this.#cancelTick = clock.schedule(tick, sampleIntervalMs, { background: true });
      due();
    };
    this.#cancelTick = clock.schedule(tick, sampleIntervalMs, { background: true });
  }

  sample(now: number): void {
    const { sampleIntervalMs, signalGraceMs } = this.#options;
    // However late the sample is, it tells of one moment: a process that was suspended was not loaded meanwhile.
    const elapsedMs = Math.min(now - (this.#sampledAt ?? now - sampleIntervalMs), 2 * sampleIntervalMs);
    this.#sampledAt = now;
    const measured = this.#score.sample(elapsedMs);
    this.#holding = measured.top === undefined && now - this.#measuredAt < signalGraceMs;
    if (!this.#holding) this.#measured = measured;
    if (measured.top !== undefined) this.#measuredAt = now;
  }

  /** Ends the timer and the signals; the last score stays. */
  [Symbol.dispose](): void {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    this.#sampledAt = undefined;
    this.#endSignals();
  }

  #startSignals(): void {
    try {
      for (const { signal } of this.#options.signals) {
        const started = signal.start?.();
        if (started !== undefined) this.#started.push(started);
      }
    } catch (error) {
      this.#endSignals();
      throw error;
    }
  }

  #endSignals(): void {
    for (const signal of this.#started.splice(0)) signal[Symbol.dispose]();
  }
}
