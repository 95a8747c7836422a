/**
 * A cache in tiers: memory, a shared one, a durable one; single flight and stale answers.
 *
 * @module
 */
export type { Advice } from './advice.ts';
export type { CacheCapabilities, ICache, SetOptions, SharedCache } from './cache.ts';
export type {
  Acquisition,
  Change,
  ChangeTerms,
  CoherentStore,
  DeleteTerms,
  Extended,
  Extension,
  Invalidation,
  LeaseTerms,
  LogMark,
  LogPage,
  LogStart,
  StoreState,
  StoreTerms,
  TagState,
} from './coherence/coherent-store.ts';
export type { Position } from './coherence/position.ts';
export type { Codec } from './values/codec.ts';
export type { CompressionOptions } from './values/compression.ts';
export type { CompressionAlgorithm } from './values/compressors.ts';
export type { CopyMode } from './values/copies.ts';
export {
  type RefusalReason,
  RefusedPayloadError,
  UnsupportedValueError,
  ValueTooLargeError,
} from './values/errors.ts';
export { jsonCodec } from './values/json-codec.ts';
export type { KeyOptions, SecretKey } from './values/keys.ts';
export type { ValueOptions } from './values/options.ts';
export type { SchemaOptions, StandardSchema } from './values/schema.ts';
export { typedCodec } from './values/typed-codec.ts';
export { v8Codec } from './values/v8-codec.ts';
export {
  CacheDisposedError,
  EncodeError,
  NothingToKeepError,
  TierPausedError,
  TierTimeoutError,
  WriteQueuedError,
} from './errors.ts';
export type { LowerTierLevel, TieredCacheEvent, TierLevel } from './events.ts';
export type { BulkLoadContext, BulkLoader, LoadContext, Loader } from './loader.ts';
export {
  MemoryCache,
  type MemoryCacheOptions,
  type MemoryCacheStatistics,
  type MemoryLimits,
} from './memory/memory-cache.ts';
export type { Eviction } from './memory/memory-table.ts';
export type {
  EarlyRefreshOptions,
  EntryOptions,
  EntryTimes,
  GetOptions,
  LowerTierOptions,
  MemoryTierOptions,
  ReadRecorder,
  StoreOptions,
  TieredCacheOptions,
  WriteOptions,
} from './options.ts';
export { type Preset, type PresetOptions, presets, type PresetTiers } from './presets.ts';
export type { DumpedEntry, EntryView, WriteResult } from './results.ts';
export type {
  CoherenceStatistics,
  LowerTierStatistics,
  MemoryTierStatistics,
  TieredCacheStatistics,
} from './statistics.ts';
export type { TierOutcome } from './tiers/tier-write.ts';
export { createCache, TieredCache } from './tiered-cache.ts';
export { DefinedCache, type Definition, type Values } from './views/defined-cache.ts';
export { NamespacedCache } from './views/namespaced-cache.ts';
