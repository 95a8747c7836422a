/** Pause between two looks at the clock, in milliseconds. */
const stepMs = 5;

/**
 * How long this process could have gone on. While it is held up, by a busy machine or by work of its own, no time passes
 * here: so a wait shows, and a slow machine does not.
 */
export class OwnTime implements Disposable {
  #ms = 0;
  #lookedAt = performance.now();
  #next: NodeJS.Timeout;

  constructor() {
    this.#next = this.#lookLater();
  }

  /** In milliseconds, to two steps. */
  get ms(): number {
    return this.#ms;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#next);
  }

  #lookLater(): NodeJS.Timeout {
    return setTimeout(() => {
      const now = performance.now();
      this.#ms += Math.min(now - this.#lookedAt, 2 * stepMs);
      this.#lookedAt = now;
      this.#next = this.#lookLater();
    }, stepMs);
  }
}
