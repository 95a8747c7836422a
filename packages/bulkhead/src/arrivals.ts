import type { Waiter } from './waiter.ts';

/**
 * Everybody who waits, in the order of arrival. A linked list through the waiters themselves: to come and to leave, from
 * the middle too, cost the same at any depth.
 */
export class Arrivals {
  #oldest: Waiter | undefined;
  #newest: Waiter | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get oldest(): Waiter | undefined {
    return this.#oldest;
  }

  get newest(): Waiter | undefined {
    return this.#newest;
  }

  push(waiter: Waiter): void {
    waiter.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = waiter;
    else this.#newest.newer = waiter;
    this.#newest = waiter;
    this.#size += 1;
  }

  /** @param waiter - One that is in this list. */
  remove(waiter: Waiter): void {
    const { older, newer } = waiter;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    waiter.older = waiter.newer = undefined;
    this.#size -= 1;
  }
}
