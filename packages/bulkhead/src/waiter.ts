import { AsyncResource } from 'node:async_hooks';

import type { Cancel, Execution, Operation } from '@holdfast/core';

import type { Lane } from './lane.ts';

/** Starts the operation of a waiter that has a slot now, and settles the waiter with it. Never throws. */
export type Start = (waiter: Waiter, operation: Operation<unknown>) => void;

/**
 * One caller in the queue. Its wait ends once, and then nothing of it is left on a signal or a clock.
 *
 * It is the node of the lists that it stands in, and what it promises is what its caller gets: with many thousands in the
 * queue the collector's work is most of the price.
 */
export class Waiter {
  readonly execution: Execution;
  /** What runs when its turn comes; absent for who wants a permit. */
  readonly operation: Operation<unknown> | undefined;
  /** The outcome of the operation; without one, resolves when it has a slot. Rejects when it will get none. */
  readonly outcome: Promise<unknown>;
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

  resolve!: (value: unknown) => void;
  reject!: (reason: unknown) => void;

  /** The caller's, in which its operation runs: whoever gives the slot back is somebody else. */
  readonly #context: AsyncResource | undefined;
  readonly #start: Start | undefined;

  constructor(execution: Execution, queuedAt: number, operation?: Operation<unknown>, start?: Start) {
    this.execution = execution;
    this.queuedAt = queuedAt;
    this.operation = operation;
    this.#start = start;
    this.outcome = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.#context = start && new AsyncResource('Bulkhead');
  }

  /** Its turn has come. */
  admit(): void {
    this.#closeExits();
    const { operation } = this;
    if (operation === undefined) this.resolve(undefined);
    else (this.#context as AsyncResource).runInAsyncScope(this.#start as Start, undefined, this, operation);
  }

  refuse(reason: unknown): void {
    this.#closeExits();
    this.reject(reason);
  }

  #closeExits(): void {
    this.stopListening?.();
    this.cancelTimer?.();
  }
}
