import type { Clock } from '@holdfast/core';

interface Pending {
  hits: number;
  until: number;
}

const mostKeys = 10_000;

/**
 * Hits that were refused and that a middleware may still take back. They cost nothing, so there is nothing to take back:
 * what it gave would be somebody else's hit. Holds at most 10,000 keys; the oldest goes.
 */
export class RefusedHits {
  readonly #clock: Clock;
  readonly #pending = new Map<string, Pending>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param forMs - how long the middleware may still take it back. */
  add(key: string, forMs: number): void {
    const pending = this.#pending.get(key);
    const until = this.#clock.now() + forMs;
    this.#pending.delete(key);
    this.#pending.set(key, { hits: (pending?.hits ?? 0) + 1, until });
    if (this.#pending.size <= mostKeys) return;
    const [oldest] = this.#pending.keys();
    this.#pending.delete(oldest as string);
  }

  /** Whether a hit of the key that is taken back was a refused one. */
  take(key: string): boolean {
    const pending = this.#pending.get(key);
    if (pending === undefined) return false;
    pending.hits -= 1;
    const expired = pending.until < this.#clock.now();
    if (expired || pending.hits === 0) this.#pending.delete(key);
    return !expired;
  }
}
