import { cancellationOf, type Clock, throwIfCancelled } from '@holdfast/core';

/** Spreads turns evenly: no second holds more than so many, and time not used is not saved up. */
export class Pace {
  readonly #intervalMs: number;
  readonly #clock: Clock;
  #nextAt = -Infinity;

  /** @param maxPerSecond - `Infinity` for turns at once. */
  constructor(maxPerSecond: number, clock: Clock) {
    this.#intervalMs = 1_000 / maxPerSecond;
    this.#clock = clock;
  }

  /**
   * Resolves when it is the caller's turn.
   *
   * @throws The signal's reason, if it aborts before.
   */
  async turn(signal: AbortSignal | undefined): Promise<void> {
    throwIfCancelled({ signal });
    if (this.#intervalMs === 0) return;
    const now = this.#clock.now();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + this.#intervalMs;
    if (at > now) await this.#wait(at - now, signal);
  }

  #wait(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const unsubscribe = cancellationOf({ signal })?.onCancel((reason) => {
        cancelTimer();
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the signal's own reason, whatever it is
        reject(reason);
      });
      const cancelTimer = this.#clock.schedule(() => {
        unsubscribe?.();
        resolve();
      }, delayMs);
    });
  }
}
