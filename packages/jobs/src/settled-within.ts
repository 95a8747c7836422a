import type { Cancel, Clock } from '@holdfast/core';

/**
 * Waits until all that is pending has settled, and what was added meanwhile, but no longer than `limitMs`.
 *
 * @param pending - Promises that take themselves out when they settle.
 * @returns Whether nothing is pending any more.
 */
export async function settledWithin(
  pending: ReadonlySet<Promise<void>>,
  limitMs: number,
  clock: Clock,
): Promise<boolean> {
  let timeIsUp = false;
  let cancelTimer: Cancel | undefined;
  const timer = new Promise<void>((resolve) => {
    const end = (): void => {
      timeIsUp = true;
      resolve();
    };
    cancelTimer = clock.schedule(end, limitMs);
  });
  const isOver = (): boolean => timeIsUp || pending.size === 0;
  while (!isOver()) await Promise.race([timer, Promise.all(pending)]);
  cancelTimer?.();
  return pending.size === 0;
}
