import type { Cancel, Execution } from '@holdfast/core';

import type { Lane } from './lane.ts';

/**
 * One caller in the queue. Its wait ends once, and then nothing of it is left on a signal or a clock.
 *
 * It is the node of the lists that it stands in, so that a wait costs this object and one promise: with many thousands
 * in the queue the collector's work is most of the price.
 */
export class Waiter {
  readonly execution: Execution;
  /** Resolves when it has a slot; rejects when it will get none. */
  readonly turn: Promise<void>;
  /** Reading of the clock, if the queue needs it. */
  readonly queuedAt: number;

  /** Neighbours in the order of arrival. */
  older: Waiter | undefined = undefined;
  newer: Waiter | undefined = undefined;

  /** Neighbours in the lane. */
  previous: Waiter | undefined = undefined;
  next: Waiter | undefined = undefined;
  lane: Lane | undefined = undefined;

  /** What may end the wait early. */
  stopListening: Cancel | undefined = undefined;
  cancelTimer: Cancel | undefined = undefined;

  #resolve!: () => void;
  #reject!: (reason: unknown) => void;

  constructor(execution: Execution, queuedAt: number) {
    this.execution = execution;
    this.queuedAt = queuedAt;
    this.turn = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
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
    this.stopListening?.();
    this.cancelTimer?.();
  }
}
