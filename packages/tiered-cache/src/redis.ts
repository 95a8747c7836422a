/**
 * A tier in Redis or Valkey.
 *
 * @module
 */
import { type Clock, InvalidOptionError, methods, systemClock, text } from '@holdfast/core';

import { identifier } from './checks.ts';
import { JsonCache } from './json-cache.ts';
import type { RedisClient } from './redis-client.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisStore } from './redis-store.ts';

export type { JsonCache, JsonCacheStatistics } from './json-cache.ts';
export type { RedisClient } from './redis-client.ts';

export interface RedisOptions {
  /** Shown in errors and statistics. Defaults to `'redis'`. */
  readonly name?: string | undefined;
  /** What every key begins with: letters, digits, `.`, `_` and `-`. Defaults to `'holdfast'`. */
  readonly prefix?: string | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/**
 * A cache in Redis: a tier for `createCache`, or by itself a cache of JSON values.
 *
 * Keys are `<prefix>:<key>`, or `<prefix>/<namespace>:<key>` for a tier. `clear` writes one key, whatever is held: other
 * processes notice within a second. Entries with a life are removed by Redis itself, so give them one.
 *
 * @param clientOrUrl - A client of ioredis, which stays yours; or a `redis:` or `rediss:` URL, at which a client is
 * opened when first needed and closed on disposal. The latter needs ioredis installed.
 * @throws {InvalidOptionError} naming the first option out of range.
 */
export function redis<V = unknown>(
  clientOrUrl: RedisClient | string,
  options: RedisOptions = {},
): JsonCache<V> {
  const name = text('name', options.name ?? 'redis');
  const prefix = identifier('prefix', options.prefix ?? 'holdfast');
  const clock = methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule');
  const connection = new RedisConnection(checkedClient(clientOrUrl), name, clock);
  return new JsonCache<V>(name, {
    all: new RedisStore(prefix, connection, () => connection[Symbol.asyncDispose]()),
    part: (namespace) =>
      new RedisStore(`${prefix}/${identifier('namespace', namespace)}`, connection, async () => undefined),
  });
}

function checkedClient(clientOrUrl: RedisClient | string): RedisClient | string {
  if (typeof clientOrUrl !== 'string')
    return methods(
      'clientOrUrl',
      clientOrUrl,
      'getBuffer',
      'mgetBuffer',
      'getrangeBuffer',
      'set',
      'unlink',
      'on',
      'off',
    );
  if (/^rediss?:\/\//.test(clientOrUrl)) return clientOrUrl;
  throw new InvalidOptionError(
    'clientOrUrl',
    "a client, or a URL that starts with 'redis://' or 'rediss://'",
    clientOrUrl,
  );
}
