/**
 * A cache whose tiers the environment decides.
 *
 * @module
 */
import { InvalidOptionError } from '@holdfast/core';

import { EnvironmentCache } from './environment/environment-cache.ts';
import { type EnvironmentCacheOptions, resolveOptions } from './environment/options.ts';
import { TierChanges } from './environment/tier-changes.ts';
import { type CacheVariables, type Environment, readVariables } from './environment/variables.ts';
import type { MemoryTierOptions, TieredCacheOptions } from './options.ts';
import { redis } from './redis.ts';
import { sqlite } from './sqlite.ts';
import { createCache } from './tiered-cache.ts';

export type { CacheHealth, EnvironmentCache } from './environment/environment-cache.ts';
export type { EnvironmentCacheOptions, TierChange } from './environment/options.ts';
export type { TierHealth } from './environment/probe.ts';
export type { CacheMode, Environment } from './environment/variables.ts';

/**
 * A cache in memory, in Redis or in both, as the environment says, so that the same code runs on a laptop without a server
 * and in a fleet with one.
 *
 * | variable | meaning |
 * |---|---|
 * | `CACHE_MODE` | `memory`, `redis` or `hybrid`: memory before Redis. Defaults to `hybrid` where there is a `REDIS_URL`, else to `memory` |
 * | `REDIS_URL` | a `redis:` or `rediss:` URL |
 * | `CACHE_FILE` | path of an SQLite file for a durable tier below the others, in each mode |
 * | `CACHE_PREFIX` | what each key in Redis begins with |
 * | `CACHE_TTL_MS` | life of an entry in milliseconds |
 * | `CACHE_L1_MAX_ENTRIES`, `CACHE_L1_MAX_BYTES` | limits of the tier in memory |
 *
 * A Redis or a file that is missing or fails is no error: the cache does without it, `onTierChange` is told once, and it is
 * used again as soon as it works. While Redis is down a hybrid cache goes on in memory; `redis` alone then keeps nothing.
 *
 * @param environment - Defaults to `process.env`. It is read once, here.
 * @throws {InvalidOptionError} naming the first variable or option out of range. The secrets of a URL are not shown.
 */
export function cacheFromEnvironment<V = unknown>(
  options: EnvironmentCacheOptions,
  environment: Environment = process.env,
): EnvironmentCache<V> {
  const variables = readVariables(environment);
  const { probeTimeoutMs, onTierChange, clock } = resolveOptions(options);
  const { redisUrl, file, prefix, mode } = variables;
  const l2 = redisUrl === undefined ? undefined : redis(redisUrl, { prefix, clock });
  const l3 = file === undefined ? undefined : sqlite(file, { clock });
  const cache = createCache<V>(
    cacheOptions(options, variables, {
      l2: l2 && { ...options.l2, cache: l2 },
      l3: l3 && { ...options.l3, cache: l3 },
    }),
  );
  if (onTierChange !== undefined) {
    const changes = new TierChanges();
    cache.events.subscribe((event) => {
      const change = changes.changeIn(event);
      if (change !== undefined) onTierChange(change);
    });
  }
  return new EnvironmentCache<V>({ cache, mode, l2, l3, probeTimeoutMs, clock });
}

function cacheOptions(
  options: EnvironmentCacheOptions,
  variables: CacheVariables,
  tiers: Pick<TieredCacheOptions, 'l2' | 'l3'>,
): TieredCacheOptions {
  const { preset, probeTimeoutMs: _probeTimeoutMs, onTierChange: _onTierChange, ...common } = options;
  const { mode } = variables;
  const lives = preset?.(tiers);
  const ttlMs = variables.ttlMs ?? options.ttlMs ?? lives?.ttlMs;
  if (ttlMs === undefined)
    throw new InvalidOptionError('CACHE_TTL_MS', 'set, unless there is an option ttlMs or a preset', ttlMs);
  return {
    ...common,
    unverified: options.unverified ?? (mode === 'hybrid' ? 'serve' : undefined),
    ttlMs,
    l1: mode === 'redis' ? false : { ...lives?.l1, ...options.l1, ...memoryLimits(variables) },
    l2: lives?.l2 ?? tiers.l2,
    l3: lives?.l3 ?? tiers.l3,
  };
}

/** Those that are set. */
function memoryLimits({ maxEntries, maxBytes }: CacheVariables): MemoryTierOptions {
  return {
    ...(maxEntries !== undefined && { maxEntries }),
    ...(maxBytes !== undefined && { maxBytes }),
  };
}
