import type { Cancellation, Clock } from '@holdfast/core';

/** Resolves after `ms`, or rejects with the reason as soon as the call is cancelled; leaves no timer or listener. */
export function pause(clock: Clock, ms: number, cancellation: Cancellation | undefined): Promise<void> {
  if (cancellation?.cancelled === true) return Promise.reject(cancellation.reason);
  return new Promise((resolve, reject) => {
    const stopListening = cancellation?.onCancel((reason) => {
      cancelTimer();
      reject(reason);
    });
    const cancelTimer = clock.schedule(() => {
      stopListening?.();
      resolve();
    }, ms);
  });
}
