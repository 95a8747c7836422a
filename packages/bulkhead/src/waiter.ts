import type { Cancel } from '@holdfast/core';

/** One caller in the queue. Its wait ends once, and then nothing of it is left on a signal or a clock. */
export class Waiter {
  /** Neighbours in the queue; both absent outside it. */
  previous: Waiter | undefined;
  next: Waiter | undefined;
  /** Resolves when the caller has a slot; rejects when it will get none. */
  readonly turn: Promise<void>;
  readonly #resolve: () => void;
  readonly #reject: (reason: unknown) => void;
  #exits: readonly (Cancel | undefined)[] = [];

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.turn = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Takes charge of what may end the wait early, to be called off when it ends. */
  watch(...exits: readonly (Cancel | undefined)[]): void {
    this.#exits = exits;
  }

  admit(): void {
    this.#closeExits();
    this.#resolve();
  }

  refuse(reason: unknown): void {
    this.#closeExits();
    this.#reject(reason);
  }

  #closeExits(): void {
    for (const close of this.#exits) close?.();
  }
}
