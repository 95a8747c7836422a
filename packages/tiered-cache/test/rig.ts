import { ManualClock } from '@holdfast/core/testing';
import {
  createCache,
  type TieredCache,
  type TieredCacheEvent,
  type TieredCacheOptions,
} from '@holdfast/tiered-cache';

import { type Fate, ScriptedStore } from './scripted-store.ts';

interface Rig {
  readonly clock: ManualClock;
  readonly l2: ScriptedStore;
  readonly l3: ScriptedStore;
  readonly cache: TieredCache;
  readonly events: TieredCacheEvent[];
}

/** A cache in three tiers, of which the lower two are scripted, on a clock of its own. */
export function setUp(options: Partial<TieredCacheOptions> = {}): Rig {
  const clock = new ManualClock();
  const l2 = new ScriptedStore(clock);
  const l3 = new ScriptedStore(clock);
  const cache = createCache({ namespace: 'shop', ttlMs: 1_000, clock, l2, l3, ...options });
  const events: TieredCacheEvent[] = [];
  cache.events.subscribe((event) => {
    if (event.type !== 'advice') events.push(event);
  });
  return { clock, l2, l3, cache, events };
}

/** A loader that counts its runs. */
export function counted<T>(load: () => T): { (): T; calls: number } {
  const loader = (): T => {
    loader.calls += 1;
    return load();
  };
  loader.calls = 0;
  return loader;
}

/** A cache in the same tiers and with the same clock: another process, or this one after a restart. */
export function neighbour({ clock, l2, l3 }: Rig, options: Partial<TieredCacheOptions> = {}): TieredCache {
  return createCache({ namespace: 'shop', ttlMs: 1_000, clock, l2, l3, ...options });
}

/** As {@link setUp} with long lives and no L3. */
export function setUpL2(options: Partial<TieredCacheOptions> = {}): Rig {
  return setUp({ ttlMs: 600_000, l3: undefined, ...options });
}

// What may happen to the operations of a scripted store.
export const failing = (): Fate => ({ fails: 'before' });
export const hanging = (): Fate => ({ delayMs: Infinity });
export const working = (): Fate => ({});
