import type { Cancel, Clock } from '@holdfast/core';

/** Whether a step may have left something to do. */
export type Rest = 'some' | 'none';

/** One step of a chore. Gives the milliseconds until the next step is due, or `undefined` when nothing is left to do. */
export type Chore = () => Promise<number | undefined> | number | undefined;

/** How much later than asked for a step may be, in milliseconds: rather than that a timer is replaced by an earlier one. */
const slackMs = 1_000;

/**
 * Does a chore in the background, step by step, while there is something to do.
 *
 * Invariants:
 * - there is no timer at rest: before the first call, after a chore with nothing left to do, after disposal;
 * - no two steps run at the same time;
 * - a step that fails ends the chore until it is asked for again, and nobody else hears of it.
 */
export class Housekeeping {
  readonly #clock: Clock;
  readonly #chore: Chore;
  /** When the next step is to run, on the monotonic clock. */
  #dueAt = Infinity;
  #cancel: Cancel | undefined;
  #running: Promise<void> | undefined;
  #disposed = false;

  constructor(clock: Clock, chore: Chore) {
    this.#clock = clock;
    this.#chore = chore;
  }

  /** Sees to it that a step runs in `delayMs`, or up to a second later. */
  within(delayMs: number): void {
    const dueAt = this.#clock.now() + delayMs;
    if (this.#disposed || dueAt + slackMs >= this.#dueAt) return;
    this.#dueAt = dueAt;
    // A step under way plans the next one when it ends.
    if (this.#running === undefined) this.#plan();
  }

  /** Waits for a step under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#cancel?.();
    await this.#running;
  }

  #plan(): void {
    this.#cancel?.();
    const delayMs = this.#dueAt - this.#clock.now();
    this.#cancel = this.#clock.schedule(() => this.#step(), delayMs, { background: true });
  }

  #step(): void {
    this.#cancel = undefined;
    this.#dueAt = Infinity;
    this.#running = Promise.resolve()
      .then(this.#chore)
      .then(
        (restMs) => this.#rest(restMs),
        () => this.#rest(undefined),
      );
  }

  #rest(restMs: number | undefined): void {
    this.#running = undefined;
    if (restMs !== undefined) this.#dueAt = Math.min(this.#dueAt, this.#clock.now() + restMs);
    if (!this.#disposed && this.#dueAt < Infinity) this.#plan();
  }
}
