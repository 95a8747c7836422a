import type { Cancel, Clock } from '@holdfast/core';

/** Measures by how much a timer comes late. */
export class LoopDelaySampler {
  readonly #clock: Pick<Clock, 'now' | 'schedule'>;
  readonly #resolutionMs: number;
  #longestMs = 0;
  /** When the timer is due; `undefined` while it does not run. */
  #dueAt: number | undefined;
  /** Lateness up to here has been told already. */
  #toldUntil = -Infinity;

  constructor(clock: Pick<Clock, 'now' | 'schedule'>, resolutionMs: number) {
    this.#clock = clock;
    this.#resolutionMs = resolutionMs;
  }

  start(): Disposable {
    let cancel: Cancel | undefined;
    const tick = (): void => {
      this.#note();
      this.#dueAt = this.#clock.now() + this.#resolutionMs;
      cancel = this.#clock.schedule(tick, this.#resolutionMs, { background: true });
    };
    this.#toldUntil = this.#clock.now();
    tick();
    return {
      [Symbol.dispose]: () => {
        cancel?.();
        this.#dueAt = undefined;
        this.#longestMs = 0;
      },
    };
  }

  /** The longest delay since the last call, in milliseconds. A timer that is overdue counts as late already. */
  read(): number {
    this.#note();
    const longestMs = this.#longestMs;
    this.#longestMs = 0;
    return longestMs;
  }

  #note(): void {
    if (this.#dueAt === undefined) return;
    const now = this.#clock.now();
    this.#longestMs = Math.max(this.#longestMs, now - Math.max(this.#dueAt, this.#toldUntil));
    if (now > this.#dueAt) this.#toldUntil = now;
  }
}
