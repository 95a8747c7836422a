import type { Cancel, Clock } from '@holdfast/core';

/** Reads between two looks at the real clock while the event loop has no time to tell that 1 ms has passed. */
const maxReads = 64;

/**
 * Monotonic time to the millisecond, for hot paths: a clock read costs as much as a whole cache hit.
 *
 * A reading lags by at most 1 ms while the event loop turns, and by at most {@link maxReads} reads while it does not.
 * The timer behind it runs for 1 ms after a look at the clock, so there is none at rest.
 */
export class CoarseClock {
  readonly #clock: Clock;
  #now = 0;
  #reads = 0;
  #cancel: Cancel | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    if (this.#reads === 0) return this.#look();
    this.#reads -= 1;
    return this.#now;
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#expire();
  }

  #look(): number {
    this.#now = this.#clock.now();
    this.#reads = maxReads;
    this.#cancel ??= this.#clock.schedule(this.#expire, 1, { background: true });
    return this.#now;
  }

  readonly #expire = (): void => {
    this.#reads = 0;
    this.#cancel = undefined;
  };
}
