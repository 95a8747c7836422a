import type { Cancellation, Clock } from '@holdfast/core';
import { atDeadline } from '../deadline.ts';

/**
 * Settles as `answer` does, or rejects with what `late` makes once `timeoutMs` milliseconds have passed, or with the reason of
 * `end` once that is cancelled.
 */
export function within<T>(
  timeoutMs: number,
  answer: Promise<T>,
  clock: Clock,
  late: () => Error,
  end?: Cancellation,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = atDeadline(clock, () => reject(late()), timeoutMs);
    const leave = end?.onCancel((reason) => {
      cancel();
      reject(reason);
    });
    const settled = (): void => {
      cancel();
      leave?.();
    };
    answer.then(resolve, reject).finally(settled);
  });
}
