import type { Clock } from '@holdfast/core';
import { atDeadline } from '../deadline.ts';

/** Settles as `answer` does, or rejects with what `late` makes once `timeoutMs` milliseconds have passed. */
export function within<T>(
  timeoutMs: number,
  answer: Promise<T>,
  clock: Clock,
  late: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = atDeadline(clock, () => reject(late()), timeoutMs);
    answer.then(resolve, reject).finally(cancel);
  });
}
