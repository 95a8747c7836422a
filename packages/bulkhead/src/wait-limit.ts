import type { Cancel, Clock } from '@holdfast/core';

import type { Waiter } from './waiter.ts';

/** Where waiters come from and go to. */
export interface WaitingRoom {
  /** Who has waited longest. */
  readonly oldest: Waiter | undefined;
  /** Ends the wait of the oldest. */
  readonly expire: (waiter: Waiter) => void;
}

/**
 * The longest wait that a queue allows, by one timer for all of it: it is the same for everybody, so the oldest is always
 * due first. Invariant: there is a timer exactly while somebody waits, and it fires when the oldest at that time is due or
 * before.
 */
export class WaitLimit {
  readonly #maxWaitMs: number;
  readonly #clock: Clock;
  readonly #room: WaitingRoom;
  #cancel: Cancel | undefined;

  constructor(maxWaitMs: number, clock: Clock, room: WaitingRoom) {
    this.#maxWaitMs = maxWaitMs;
    this.#clock = clock;
    this.#room = room;
  }

  /** Somebody waits from now on. */
  start(): void {
    this.#cancel ??= this.#clock.schedule(this.#expire, this.#maxWaitMs);
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  readonly #expire = (): void => {
    this.#cancel = undefined;
    for (let { oldest } = this.#room; oldest !== undefined; { oldest } = this.#room) {
      // By the time it is now: listeners that were told of those before may have taken long.
      const leftMs = oldest.queuedAt + this.#maxWaitMs - this.#clock.now();
      if (leftMs > 0) {
        // A listener that was told of one before may have queued a call, whose time is up later.
        this.stop();
        this.#cancel = this.#clock.schedule(this.#expire, leftMs);
        return;
      }
      this.#room.expire(oldest);
    }
  };
}
