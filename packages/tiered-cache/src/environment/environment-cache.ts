import type { Clock } from '@holdfast/core';

import type { ICache } from '../cache.ts';
import type { TierLevel } from '../events.ts';
import type { TieredCache } from '../tiered-cache.ts';
import { Probe, type TierHealth } from './probe.ts';
import type { CacheMode } from './variables.ts';

/** How a cache is. */
export interface CacheHealth {
  /** `'up'`: every tier answers. `'degraded'`: some do. `'down'`: none does, so every read without a loader misses. */
  readonly status: 'up' | 'degraded' | 'down';
  readonly mode: CacheMode;
  /** Those that the cache has. */
  readonly tiers: { readonly [Level in TierLevel]?: TierHealth };
}

export interface EnvironmentCacheParts<V> {
  readonly cache: TieredCache<V>;
  readonly mode: CacheMode;
  /** The tiers outside this process, as they were handed to the cache. */
  readonly l2: ICache | undefined;
  readonly l3: ICache | undefined;
  readonly probeTimeoutMs: number;
  readonly clock: Clock;
}

/** What is asked for by a probe. Nobody stores it. */
const probeKey = 'health';

/** A cache that was put together from the environment, and how it is. */
export class EnvironmentCache<V = unknown> {
  readonly cache: TieredCache<V>;
  readonly mode: CacheMode;
  readonly #probes: ReadonlyMap<TierLevel, Probe>;

  constructor({ cache, mode, l2, l3, probeTimeoutMs, clock }: EnvironmentCacheParts<V>) {
    this.cache = cache;
    this.mode = mode;
    const probes = new Map<TierLevel, Probe>();
    // Memory always answers, unless the cache was disposed.
    if (mode !== 'redis') probes.set('l1', new Probe(() => cache.getMany([]), probeTimeoutMs, clock));
    if (l2 !== undefined) probes.set('l2', new Probe(() => l2.get(probeKey), probeTimeoutMs, clock));
    if (l3 !== undefined) probes.set('l3', new Probe(() => l3.get(probeKey), probeTimeoutMs, clock));
    this.#probes = probes;
  }

  /**
   * Asks each tier itself, past the cache's guards, all at once. Never rejects, and settles within `probeTimeoutMs`. Shows
   * no secret of a URL.
   */
  async health(): Promise<CacheHealth> {
    const checks = [...this.#probes].map(async ([level, probe]) => [level, await probe.check()] as const);
    const tiers = await Promise.all(checks);
    const up = tiers.filter(([, { status }]) => status === 'up').length;
    const some = up === tiers.length ? 'up' : 'degraded';
    return { status: up === 0 ? 'down' : some, mode: this.mode, tiers: Object.fromEntries(tiers) };
  }

  /** Disposes the cache, and its tiers with it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.cache[Symbol.asyncDispose]();
  }
}
