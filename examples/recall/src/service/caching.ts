import { join } from 'node:path';
import { hours, seconds } from '@holdfast/core';
import { openDatabase } from '@holdfast/persistence';
import { createCache, type TieredCache } from '@holdfast/tiered-cache';
import { redis as redisTier } from '@holdfast/tiered-cache/redis';
import { sqlite as sqliteTier } from '@holdfast/tiered-cache/sqlite';
import type { Redis } from 'ioredis';
import type { Config } from './config.ts';
import type { Resources } from './resources.ts';

export interface Caches {
  /** Answers to questions about a user's items. */
  readonly answers: TieredCache;
  /** The revision that each user's items are at. */
  readonly revisions: TieredCache<string>;
}

/**
 * Answers are kept in memory, then in Redis if there is one, then in a file that survives a restart. Revisions are asked for
 * again every second, so that changes made by another process show up; the last known one serves while the database is down.
 */
export function openCaches(
  { dataDirectory, answerTtlMs, memoryTtlMs }: Config,
  /** Of the database that the answers are about; see {@link identityOf}. */
  identity: string,
  redis: Redis | undefined,
  resources: Resources,
): Caches {
  const file = join(dataDirectory, 'cache.db');
  const database = resources.own(openDatabase({ file, name: 'cache', durability: 'normal' }));
  const answers = createCache({
    name: 'recall',
    namespace: `recall-${identity}`,
    l1: { maxEntries: 10_000, maxBytes: 64 * 2 ** 20, ttlMs: memoryTtlMs },
    l2: redis && { cache: redisTier(redis), timeoutMs: 100 },
    l3: sqliteTier(database),
    ttlMs: answerTtlMs,
    staleIfErrorMs: hours(1),
    jitterRatio: 0.1,
    // Without Redis nobody can say whether an answer in memory is still the newest; giving it out beats giving none.
    unverified: 'serve',
  });
  const revisions = createCache<string>({
    namespace: 'revisions',
    ttlMs: seconds(1),
    staleIfErrorMs: hours(1),
  });
  return { answers: resources.own(answers), revisions: resources.own(revisions) };
}
