import type { AdaptableCache } from './adaptable-cache.ts';
import { type CachePart, partOf } from './cache-part.ts';

/**
 * A driver for the second layer of bentocache over any cache; see `bentocacheDriver`, which makes them.
 *
 * Each prefix is a part of the cache and each namespace a part of that: `clear` empties it, and those within it, with one
 * write, on a Cluster as well. It does not touch what merely begins alike.
 */
export class BentocacheDriver {
  readonly type = 'l2' as const;
  readonly #cache: AdaptableCache;
  readonly #part: CachePart;

  constructor(cache: AdaptableCache, part: CachePart) {
    this.#cache = cache;
    this.#part = part;
  }

  namespace(namespace: string): BentocacheDriver {
    return new BentocacheDriver(this.#cache, this.#part.part(namespace));
  }

  async get(key: string): Promise<string | undefined> {
    const value = await this.#part.get(key);
    return typeof value === 'string' ? value : undefined;
  }

  /** Reads and removes, one after the other. */
  async pull(key: string): Promise<string | undefined> {
    const value = await this.get(key);
    if (value !== undefined) await this.#part.delete(key);
    return value;
  }

  /** @param ttl - Life in milliseconds. bentocache says 0, or nothing, for no end; less than 0 stores nothing. */
  async set(key: string, value: string, ttl?: number): Promise<boolean> {
    const endless = ttl === undefined || ttl === 0;
    await this.#part.set(key, value, { ttlMs: endless ? Infinity : Math.max(0, ttl) });
    return true;
  }

  clear(): Promise<void> {
    return this.#part.clear();
  }

  /** Tells whether the key was held. */
  delete(key: string): Promise<boolean> {
    return this.#part.delete(key);
  }

  /** `true`, held or not, as the other drivers of bentocache have it. */
  async deleteMany(keys: string[]): Promise<boolean> {
    await this.#part.deleteMany(keys);
    return true;
  }

  /** Disposes the cache. */
  disconnect(): Promise<void> {
    return this.#cache[Symbol.asyncDispose]();
  }
}

/** The driver whose keys begin with `prefix`; without one it has a part of its own as well. */
export function driverOver(cache: AdaptableCache, prefix: string | undefined): BentocacheDriver {
  return new BentocacheDriver(cache, partOf(cache, prefix ?? '', 'prefix'));
}
