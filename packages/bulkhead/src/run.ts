import type { Cancellation, Execution, Operation } from '@holdfast/core';

/** Told how the operations of a bulkhead fare. */
export interface RunObserver {
  /** The operation has settled. Called once, before the caller learns how. */
  readonly onSettled: () => void;
  /** The caller has left, and the operation goes on. Called at most once. */
  readonly onLeft: () => void;
  /** The operation whose caller had left has settled. Called before `onSettled`. */
  readonly onLeftSettled: () => void;
}

/**
 * Runs the operation, and lets its caller go as soon as the call is cancelled. The operation goes on; what it then
 * settles with is dropped. Costs one promise more than the operation's own, and a listener only where somebody can cancel.
 */
export function run<T>(operation: Operation<T>, execution: Execution, observer: RunObserver): Promise<T> {
  const { cancellation } = execution;
  if (cancellation !== undefined) return runUntilCancelled(operation, execution, cancellation, observer);
  return execution.start(operation).then(
    (value) => {
      observer.onSettled();
      return value;
    },
    (error: unknown) => {
      observer.onSettled();
      throw error;
    },
  );
}

function runUntilCancelled<T>(
  operation: Operation<T>,
  execution: Execution,
  cancellation: Cancellation,
  { onSettled, onLeft, onLeftSettled }: RunObserver,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let left = false;
    // Before the start, because the operation may cancel its own call at once.
    const stopListening = cancellation.onCancel((reason) => {
      left = true;
      onLeft();
      reject(reason);
    });
    const settle = (deliver: () => void): void => {
      stopListening();
      if (left) onLeftSettled();
      onSettled();
      deliver();
    };
    execution.start(operation).then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
