import { type Clock, DeadlineExceededError, type Execution } from '@holdfast/core';

/**
 * What `work` gives to one caller, who may leave before by its own signal or deadline; the work goes on. The promise itself
 * for a caller that cannot leave.
 *
 * @throws The signal's reason.
 * @throws {DeadlineExceededError}
 */
export function orLeave<T>(
  work: Promise<T>,
  execution: Execution | undefined,
  name: string,
  clock: Clock,
): Promise<T> {
  const cancellation = execution?.cancellation;
  const remainingMs = execution?.remainingMs() ?? Infinity;
  if (cancellation === undefined && remainingMs === Infinity) return work;
  return new Promise((resolve, reject) => {
    const leave = (reason: unknown): void => {
      stay();
      reject(reason);
    };
    const cancelTimer =
      remainingMs === Infinity
        ? undefined
        : clock.schedule(() => leave(new DeadlineExceededError(name)), remainingMs);
    const stopListening = cancellation?.onCancel(leave);
    const stay = (): void => {
      cancelTimer?.();
      stopListening?.();
    };
    if (cancellation?.cancelled === true) leave(cancellation.reason);
    work.then(stay, stay);
    work.then(resolve, reject);
  });
}
