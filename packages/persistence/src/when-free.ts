import { isHoldfastError } from '@holdfast/core';

import type { Database } from './database.ts';
import { isBusy } from './engine-errors.ts';
import { DatabaseBusyError } from './errors.ts';
import type { ResolvedWaitOptions } from './options.ts';

/** Between two tries, in milliseconds: short beside what holds the lock, long beside a try. */
const [shortestPauseMs, longestPauseMs] = [20, 120];

/**
 * Runs `work` again until no other connection's lock is in its way. Between tries the event loop runs.
 *
 * @param work - Must leave nothing behind when it fails because of a lock, as a transaction does.
 * @throws {DatabaseBusyError} when the lock outlasts `maxWaitMs`.
 */
export async function whenFree<T>(
  database: Pick<Database, 'file'>,
  { maxWaitMs, clock, random }: ResolvedWaitOptions,
  work: () => T | Promise<T>,
): Promise<T> {
  const startedAt = clock.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) && !isHoldfastError(error, 'ERR_DATABASE_BUSY')) throw error;
      const waitedMs = clock.now() - startedAt;
      if (waitedMs >= maxWaitMs) throw new DatabaseBusyError(database.file, waitedMs, error);
      const pauseMs = shortestPauseMs + random() * (longestPauseMs - shortestPauseMs);
      await new Promise<void>((resolve) => clock.schedule(resolve, Math.min(pauseMs, maxWaitMs - waitedMs)));
    }
  }
}
