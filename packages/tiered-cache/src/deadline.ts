import type { Cancel, Clock } from '@holdfast/core';

/** A timer that is later than that tells of a process that was busy. Milliseconds. */
const lateMs = 5;

/**
 * Runs `expire` in `delayMs` milliseconds. Where the process was too busy to notice that in time, what has arrived
 * meanwhile is read first: it has one more turn of the event loop.
 */
export function atDeadline(clock: Clock, expire: () => void, delayMs: number): Cancel {
  const dueAt = clock.now() + delayMs;
  const look = (): void => {
    if (clock.now() - dueAt > lateMs) cancel = clock.schedule(expire, 0);
    else expire();
  };
  let cancel = clock.schedule(look, delayMs);
  return () => cancel();
}
