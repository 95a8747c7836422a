import type { Cancellation, Execution, Operation } from '@holdfast/core';

import type { Slots } from './slots.ts';
import type { Start } from './waiter.ts';

/**
 * Runs operations in slots that are taken, and gives the slots back. A caller is let go as soon as its call is
 * cancelled; its operation goes on in its slot, and what it settles with is dropped.
 *
 * A call that nobody can cancel and nobody measures costs one promise more than the operation's own, and no closure.
 */
export class Runner {
  readonly #slots: Slots;
  readonly #isOverload: (error: unknown) => boolean;

  constructor(slots: Slots, isOverload: (error: unknown) => boolean) {
    this.#slots = slots;
    this.#isOverload = isOverload;
  }

  start<T>(operation: Operation<T>, execution: Execution): Promise<T> {
    const { cancellation } = execution;
    if (cancellation !== undefined) return this.#untilCancelled(operation, execution, cancellation);
    if (this.#slots.measured) return this.#measured(operation, execution);
    return execution.start(operation).then(this.#succeed as (value: T) => T, this.#fail);
  }

  /** Starts `operation` when it has been given a slot. @throws As `enqueue` of the slots. */
  queue<T>(operation: Operation<T>, execution: Execution): Promise<T> {
    return this.#slots.enqueue(execution, operation, this.#startWaiter).outcome as Promise<T>;
  }

  readonly #startWaiter: Start = (waiter, operation) => {
    const { execution } = waiter;
    if (execution.cancellation !== undefined || this.#slots.measured) {
      waiter.resolve(this.start(operation, execution));
      return;
    }
    execution.start(operation).then(
      (value) => {
        this.#slots.release();
        return waiter.resolve(value);
      },
      (error: unknown) => {
        this.#slots.release();
        waiter.reject(error);
      },
    );
  };

  readonly #succeed = (value: unknown): unknown => {
    this.#slots.release();
    return value;
  };

  readonly #fail = (error: unknown): never => {
    this.#slots.release();
    throw error;
  };

  #measured<T>(operation: Operation<T>, execution: Execution): Promise<T> {
    const startedAt = this.#slots.started();
    return execution.start(operation).then(
      (value) => {
        this.#slots.release(startedAt, 'success');
        return value;
      },
      (error: unknown) => {
        this.#slots.release(startedAt, this.#judge(error));
        throw error;
      },
    );
  }

  #untilCancelled<T>(operation: Operation<T>, execution: Execution, cancellation: Cancellation): Promise<T> {
    const slots = this.#slots;
    return new Promise((resolve, reject) => {
      let left = false;
      // Before the start, because the operation may cancel its own call at once.
      const stopListening = cancellation.onCancel((reason) => {
        left = true;
        slots.abandoned += 1;
        reject(reason);
      });
      const startedAt = slots.started();
      execution.start(operation).then(
        (value) => {
          stopListening();
          if (left) slots.abandoned -= 1;
          slots.release(startedAt, left ? 'ignored' : 'success');
          return resolve(value);
        },
        (error: unknown) => {
          stopListening();
          if (left) slots.abandoned -= 1;
          slots.release(startedAt, left ? 'ignored' : this.#judge(error));
          reject(error);
        },
      );
    });
  }

  /** The predicate is the user's: if it throws, the error of the operation is still what the caller gets. */
  #judge(error: unknown): 'overload' | 'ignored' {
    if (!this.#slots.measured) return 'ignored';
    try {
      return isYes(this.#isOverload(error)) ? 'overload' : 'ignored';
    } catch (thrown) {
      surface(thrown);
      return 'ignored';
    }
  }
}

/** What a predicate says. One that is asynchronous by mistake says nothing, and how it ends is nobody's business any more. */
function isYes(verdict: unknown): boolean {
  if (!(verdict instanceof Promise)) return Boolean(verdict);
  verdict.catch(() => undefined);
  return false;
}

/** Makes the error of a callback an uncaught one, without disturbing the call. */
function surface(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
