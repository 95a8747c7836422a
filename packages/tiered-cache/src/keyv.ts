/**
 * To and from Keyv 5 and 6, and with it cache-manager and what else is built on Keyv.
 *
 * @module
 */
import { type Clock, methods, systemClock } from '@holdfast/core';

import { KeyvTextStore, type KeyvLike, type KeyvStore } from './adapters/keyv-store.ts';
import { TextCache } from './adapters/text-cache.ts';

export type { AdaptableCache } from './adapters/adaptable-cache.ts';
export { StoreRefusedError } from './adapters/errors.ts';
export { KeyvAdapter, type KeyvAdapterEntry } from './adapters/keyv-adapter.ts';
export type { KeyvLike, KeyvStore } from './adapters/keyv-store.ts';
export type { TextCache } from './adapters/text-cache.ts';

export interface FromKeyvOptions {
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/**
 * What you keep in Keyv today as a tier for `createCache`, or by itself as a cache of JSON values. Values are texts of our
 * own layout, which a Keyv on the same store does not read; give it a namespace or a table of its own.
 *
 * The store is used without the Keyv around it, whose hooks, statistics and serializer are not asked: a Keyv hides the
 * failures of its store, and a tier must know of them. It stays yours, disposing the cache leaves it connected.
 *
 * As a tier it has no leases and no log, see the guarantees of `createCache`. The store's own `clear` is never called. Prefer
 * `redis()`, `sqlite()` or `postgres()` where one of them fits.
 *
 * @param keyvOrStore - A Keyv, one of its stores, or a `Map`.
 * @throws {InvalidOptionError} for anything else, and for a Keyv that compresses or encrypts: the values would be written
 * without.
 */
export function fromKeyv<V = unknown>(
  keyvOrStore: KeyvLike | KeyvStore,
  options: FromKeyvOptions = {},
): TextCache<V> {
  const clock = methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule');
  return new TextCache<V>(new KeyvTextStore(keyvOrStore, clock), clock);
}
