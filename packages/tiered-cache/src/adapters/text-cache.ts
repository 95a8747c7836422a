import type { Clock } from '@holdfast/core';

import type { CacheCapabilities, ICache, SetOptions, SharedCache } from '../cache.ts';
import { Base64Cache } from './base64-cache.ts';
import { type CachePart, partOf } from './cache-part.ts';
import { TextEntries, type TextStore } from './text-entries.ts';

/**
 * A store of another library as a cache of JSON values, and as a tier. As a tier it holds bytes, in base64, in a part of its
 * own. The store's own `clear` is never called, so nothing else that is kept there is lost: `clear` is one write, and what
 * it has made absent takes room until its life is over. Give entries a life.
 */
export class TextCache<V = unknown> implements SharedCache<V> {
  readonly #entries: TextEntries;
  readonly #own: CachePart;

  constructor(store: TextStore, clock: Clock) {
    this.#entries = new TextEntries(store, clock);
    this.#own = partOf(this.#entries, '');
  }

  get capabilities(): CacheCapabilities {
    return this.#own.capabilities;
  }

  bytes(namespace: string): ICache<Uint8Array> {
    return new Base64Cache(partOf(this.#entries, namespace));
  }

  get(key: string): Promise<V | undefined> {
    return this.#own.get(key) as Promise<V | undefined>;
  }

  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, V>> {
    return this.#own.getMany(keys) as Promise<ReadonlyMap<string, V>>;
  }

  async set(key: string, value: V, options?: SetOptions): Promise<void> {
    await this.#own.set(key, expressible(value), options);
  }

  async setMany(entries: Iterable<readonly [string, V]>, options?: SetOptions): Promise<void> {
    const checked = [...entries].map(([key, value]) => [key, expressible(value)] as const);
    await this.#own.setMany(checked, options);
  }

  delete(key: string): Promise<boolean> {
    return this.#own.delete(key);
  }

  deleteMany(keys: readonly string[]): Promise<number> {
    return this.#own.deleteMany(keys);
  }

  clear(): Promise<void> {
    return this.#own.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#entries[Symbol.asyncDispose]();
  }
}

/** Refuses what JSON would leave out of the entry that it is part of. */
function expressible<V>(value: V): V {
  if (typeof value !== 'function' && typeof value !== 'symbol') return value;
  throw new TypeError(`JSON has no text for a value of type ${typeof value}`);
}
