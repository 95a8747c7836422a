import { HoldfastError } from '@holdfast/core';

/** A value cannot be written to a tier outside this process; `cause` is what the codec threw. Nothing was changed. */
export class EncodeError extends HoldfastError {
  override readonly name = 'EncodeError';
  readonly code = 'ERR_CACHE_ENCODE';
  /** The `name` option of the cache. */
  readonly cache: string;
  readonly key: string;

  constructor(cache: string, key: string, cause: unknown) {
    super(`${cache} cannot encode the value of '${key}'`, { cause });
    this.cache = cache;
    this.key = key;
  }
}

/** A tier did not answer in time. Seen in events and by a `guard`, never by a reader. */
export class TierTimeoutError extends HoldfastError {
  override readonly name = 'TierTimeoutError';
  readonly code = 'ERR_CACHE_TIER_TIMEOUT';
  readonly cache: string;
  readonly tier: 'l2' | 'l3';
  readonly timeoutMs: number;

  constructor(cache: string, tier: 'l2' | 'l3', timeoutMs: number) {
    super(`${tier} of ${cache} did not answer within ${timeoutMs} ms`);
    this.cache = cache;
    this.tier = tier;
    this.timeoutMs = timeoutMs;
  }
}

/** A tier was not asked because it has just failed repeatedly. Never seen by a reader. */
export class TierPausedError extends HoldfastError {
  override readonly name = 'TierPausedError';
  readonly code = 'ERR_CACHE_TIER_PAUSED';

  constructor(retryAfterMs: number) {
    super('the tier is not asked for a while, because it failed repeatedly', { retryAfterMs });
  }
}

/** The cache was disposed. */
export class CacheDisposedError extends HoldfastError {
  override readonly name = 'CacheDisposedError';
  readonly code = 'ERR_CACHE_DISPOSED';
  /** The `name` option of the cache. */
  readonly cache: string;

  constructor(cache: string) {
    super(`${cache} was disposed`);
    this.cache = cache;
  }
}

/** A loader called `notModified()` although there is no older value that it could keep. */
export class NothingToKeepError extends HoldfastError {
  override readonly name = 'NothingToKeepError';
  readonly code = 'ERR_CACHE_NOTHING_TO_KEEP';
  readonly key: string;

  constructor(key: string) {
    super(`the loader of '${key}' says that nothing has changed, but there is no older value`);
    this.key = key;
  }
}

/** A write asked for with `strict` was not taken by every tier. It is queued all the same, and the first tier has dropped the key. */
export class WriteQueuedError extends HoldfastError {
  override readonly name = 'WriteQueuedError';
  readonly code = 'ERR_CACHE_WRITE_QUEUED';
  readonly cache: string;
  readonly tier: 'l2' | 'l3';

  constructor(cache: string, tier: 'l2' | 'l3', cause: unknown) {
    super(`${tier} of ${cache} has not taken a write that must not be queued`, { cause });
    this.cache = cache;
    this.tier = tier;
  }
}
