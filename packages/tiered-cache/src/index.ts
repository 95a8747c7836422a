/**
 * A cache in tiers: memory, a shared one, a durable one; single flight and stale answers.
 *
 * @module
 */
export type { CacheCapabilities, ICache, SetOptions, SharedCache } from './cache.ts';
export { type Codec, jsonCodec } from './codec.ts';
export { CacheDisposedError, EncodeError, TierPausedError, TierTimeoutError } from './errors.ts';
export type { LowerTierLevel, TieredCacheEvent, TierLevel } from './events.ts';
export {
  MemoryCache,
  type MemoryCacheOptions,
  type MemoryCacheStatistics,
  type MemoryLimits,
} from './memory-cache.ts';
export type {
  EntryOptions,
  GetOptions,
  LoadContext,
  Loader,
  LowerTierOptions,
  MemoryTierOptions,
  TieredCacheOptions,
} from './options.ts';
export type { EntryView, WriteResult } from './results.ts';
export type { LowerTierStatistics, MemoryTierStatistics, TieredCacheStatistics } from './statistics.ts';
export type { TierOutcome } from './tier.ts';
export { createCache, TieredCache } from './tiered-cache.ts';
