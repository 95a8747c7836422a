import { methods } from '@holdfast/core';

import type { AdaptableCache } from './adaptable-cache.ts';
import { type CachePart, partOf } from './cache-part.ts';

/** One entry of `setMany`, as Keyv gives it. */
export interface KeyvAdapterEntry {
  readonly key: string;
  readonly value: unknown;
  /** Life in milliseconds. */
  readonly ttl?: number | undefined;
}

/**
 * A store for Keyv 5 and 6 over any cache: `new Keyv({ store: new KeyvAdapter(cache) })`. What is built on Keyv, such as
 * cache-manager, then uses that cache.
 *
 * - Each namespace is a part of its own. `clear` empties it with one write and touches no other, nor anything that others
 *   keep in the cache. Without a namespace that holds for the entries without one. Other processes notice it when they
 *   would notice any write to the cache.
 * - `0`, `''`, `false` and `null` are values. A life of 0 or less stores nothing; without a life the cache's own applies.
 * - Methods reject when the cache fails. Keyv makes a miss of that, and an `error` event of a failed write; Keyv 6 rejects
 *   instead where nobody listens to `error`.
 *
 * Give each Keyv an adapter of its own, for Keyv tells it its namespace; adapters may share one cache.
 */
export class KeyvAdapter {
  /** Keyv expects it to be there. */
  readonly opts: Readonly<Record<string, unknown>> = {};
  /** Set by Keyv. Any well-formed text. It is there from the start, for Keyv 6 looks whether a store has one. */
  namespace?: string;
  readonly #cache: AdaptableCache;
  #part: { readonly namespace: string; readonly entries: CachePart } | undefined;

  /** @param cache - Belongs to the adapter: `disconnect` disposes it. */
  constructor(cache: AdaptableCache) {
    this.#cache = methods('cache', cache, 'getMany', 'set', 'delete');
  }

  // Keyv 6 looks for methods that are declared `async`, so all of them are.

  async get<Value>(key: string): Promise<Value | undefined> {
    return (await this.#entries().get(key)) as Value | undefined;
  }

  /** In the order of the keys. */
  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    const found = await this.#entries().getMany(keys);
    return keys.map((key) => found.get(key) as Value | undefined);
  }

  /** @param ttl - Life in milliseconds. */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    await this.#entries().set(key, value, { ttlMs: lifeOf(ttl) });
    return true;
  }

  async setMany(entries: KeyvAdapterEntry[]): Promise<void> {
    const byLife = new Map<number | undefined, [string, unknown][]>();
    for (const { key, value, ttl } of entries) {
      const alike = byLife.get(lifeOf(ttl)) ?? [];
      alike.push([key, value]);
      byLife.set(lifeOf(ttl), alike);
    }
    const part = this.#entries();
    await Promise.all([...byLife].map(([ttlMs, alike]) => part.setMany(alike, { ttlMs })));
  }

  async delete(key: string): Promise<boolean> {
    return this.#entries().delete(key);
  }

  /** Tells whether all of the keys were held, as Keyv does by itself. */
  async deleteMany(keys: string[]): Promise<boolean> {
    return (await this.#entries().deleteMany(keys)) === new Set(keys).size;
  }

  async has(key: string): Promise<boolean> {
    return (await this.#entries().get(key)) !== undefined;
  }

  /** In the order of the keys. */
  async hasMany(keys: string[]): Promise<boolean[]> {
    const found = await this.#entries().getMany(keys);
    return keys.map((key) => found.has(key));
  }

  async clear(): Promise<void> {
    await this.#entries().clear();
  }

  async disconnect(): Promise<void> {
    await this.#cache[Symbol.asyncDispose]();
  }

  /** Keeps no listener: there are no events, a method that fails rejects. */
  on(_event: string, _listener: (...values: never[]) => void): this {
    return this;
  }

  #entries(): CachePart {
    const namespace = this.namespace ?? '';
    if (this.#part?.namespace !== namespace)
      this.#part = { namespace, entries: partOf(this.#cache, namespace) };
    return this.#part.entries;
  }
}

/** Keyv lets lives below 0 through. */
function lifeOf(ttl: number | undefined): number | undefined {
  return ttl === undefined ? undefined : Math.max(0, ttl);
}
