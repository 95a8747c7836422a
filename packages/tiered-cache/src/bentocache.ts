/**
 * To and from bentocache.
 *
 * @module
 */
import { type Clock, methods, systemClock, text } from '@holdfast/core';

import type { AdaptableCache } from './adapters/adaptable-cache.ts';
import { type BentocacheDriver, driverOver } from './adapters/bentocache-driver.ts';
import {
  type BentocacheDriverFactory,
  type BentocacheL2Driver,
  BentocacheTextStore,
} from './adapters/bentocache-store.ts';
import { TextCache } from './adapters/text-cache.ts';

export type { AdaptableCache } from './adapters/adaptable-cache.ts';
export type { BentocacheDriver } from './adapters/bentocache-driver.ts';
export type { BentocacheDriverFactory, BentocacheL2Driver } from './adapters/bentocache-store.ts';
export { StoreRefusedError } from './adapters/errors.ts';
export type { TextCache } from './adapters/text-cache.ts';

export interface BentocacheDriverOptions {
  /** What the keys begin with: any well-formed text. Defaults to the `prefix` of the bentocache that uses the driver. */
  readonly prefix?: string | undefined;
}

/** What `useL2Layer` of bentocache takes. */
export interface BentocacheLayer {
  readonly options: { readonly prefix?: string };
  readonly factory: (config: { readonly prefix?: string | undefined }) => BentocacheDriver;
}

/**
 * Any cache as the second layer of bentocache: `bentostore().useL2Layer(bentocacheDriver(cache))`.
 *
 * Its methods reject when the cache fails; what bentocache makes of that is its option `suppressL2Errors`. It brings no bus:
 * that of bentocache works beside it.
 *
 * @param cache - Belongs to the driver: `disconnect` disposes it.
 * @throws {InvalidOptionError} naming the first option out of range.
 */
export function bentocacheDriver(
  cache: AdaptableCache,
  { prefix }: BentocacheDriverOptions = {},
): BentocacheLayer {
  methods('cache', cache, 'getMany', 'set', 'delete');
  return {
    options: prefix === undefined ? {} : { prefix: text('prefix', prefix) },
    factory: (config) => driverOver(cache, config.prefix),
  };
}

export interface FromBentocacheOptions {
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/**
 * A driver that you use in bentocache today as a tier for `createCache`, or by itself as a cache of JSON values. Values are
 * texts of our own layout, which bentocache does not read; give the driver a prefix of its own.
 *
 * As a tier it has no leases and no log, see the guarantees of `createCache`. The driver's own `clear` is never called. Prefer
 * `redis()`, `sqlite()` or `postgres()` where one of them fits.
 *
 * @param driver - What `redisDriver(…)` and its like give: the driver made of it is disconnected with the cache. Or a driver,
 * which stays yours.
 * @throws {InvalidOptionError} for anything else.
 */
export function fromBentocacheDriver<V = unknown>(
  driver: BentocacheL2Driver | BentocacheDriverFactory,
  options: FromBentocacheOptions = {},
): TextCache<V> {
  const clock = methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule');
  return new TextCache<V>(new BentocacheTextStore(driver), clock);
}
