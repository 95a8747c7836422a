/**
 * A tier in Redis or Valkey.
 *
 * @module
 */
import { InvalidOptionError, methods } from '@holdfast/core';

import { identifier } from './checks.ts';
import type { CoherentStore } from './coherence/coherent-store.ts';
import { JsonCache } from './entry/json-cache.ts';
import { commandNames, type Commands, type RedisClient } from './redis/client.ts';
import { RedisCoherentStore } from './redis/coherent-store.ts';
import { RedisConnection } from './redis/connection.ts';
import { ioRedis } from './redis/io-redis.ts';
import { isNodeRedis, nodeRedis, type NodeRedisClient } from './redis/node-redis.ts';
import { type RedisOptions, resolveOptions } from './redis/options.ts';
import { shownUrl } from './redis/shown-url.ts';
import { RedisStore } from './redis/store.ts';

export type { JsonCache, JsonCacheStatistics } from './entry/json-cache.ts';
export type { RedisClient, ScriptArgument } from './redis/client.ts';
export { LogTimeoutError } from './redis/errors.ts';
export type { NodeRedisClient } from './redis/node-redis.ts';
export type { RedisOptions } from './redis/options.ts';

/** A cache in Redis, and what a fleet of caches agrees through. */
export interface RedisCache<V = unknown> extends JsonCache<V> {
  /**
   * The part called `namespace`, as a store with leases and a log of invalidations. It reads the log over a connection
   * of its own, opened when first needed and closed with the store or with this cache. Needs Redis 6.2 or Valkey.
   *
   * Log, tags and meta have no end of life. Where memory is bounded, let the server evict by a `volatile-` policy: losing
   * meta costs every entry of the namespace, though never more than misses.
   *
   * @param namespace - Letters, digits, `.`, `_` and `-`.
   */
  coherent(namespace: string): CoherentStore;
}

/**
 * A cache in Redis: a tier for `createCache`, or by itself a cache of JSON values.
 *
 * Keys are `<prefix>:<key>`, or `<prefix>/<namespace>:<key>` for a tier. `clear` writes one key, whatever is held: other
 * processes notice within a second. Entries with a life are removed by Redis itself, so give them one.
 *
 * @param clientOrUrl - A client of ioredis or node-redis, which stays yours; or a `redis:` or `rediss:` URL, at which a
 * client is opened when first needed and closed on disposal. The latter needs ioredis installed.
 * @throws {InvalidOptionError} naming the first option out of range.
 */
export function redis<V = unknown>(
  clientOrUrl: RedisClient | NodeRedisClient | string,
  options: RedisOptions = {},
): RedisCache<V> {
  const resolved = resolveOptions(options);
  const { name, prefix, clock } = resolved;
  const connection = new RedisConnection(checkedClient(clientOrUrl), name, clock);
  const partOf = (namespace: string): string => `${prefix}/${identifier('namespace', namespace)}`;
  const cache = new JsonCache<V>(name, {
    all: new RedisStore(prefix, connection, () => connection[Symbol.asyncDispose]()),
    part: (namespace) => new RedisStore(partOf(namespace), connection, async () => undefined),
  });
  return Object.assign(cache, {
    coherent: (namespace: string) => new RedisCoherentStore(partOf(namespace), connection, resolved),
  });
}

function checkedClient(clientOrUrl: RedisClient | NodeRedisClient | string): Commands | string {
  if (typeof clientOrUrl !== 'string') {
    if (isNodeRedis(clientOrUrl)) return nodeRedis(clientOrUrl);
    return ioRedis(methods('clientOrUrl', clientOrUrl as unknown as Commands, ...commandNames));
  }
  if (/^rediss?:\/\//.test(clientOrUrl)) return clientOrUrl;
  throw new InvalidOptionError(
    'clientOrUrl',
    "a client, or a URL that starts with 'redis://' or 'rediss://'",
    shownUrl(clientOrUrl),
  );
}
