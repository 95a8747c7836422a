import type { CacheCapabilities, ICache, SetOptions, SharedCache } from '../cache.ts';
import { present, wellFormedKey } from '../checks.ts';
import { jsonCodec } from '../values/json-codec.ts';

/** Where a {@link JsonCache} keeps its bytes. */
export interface ByteStore {
  /** The whole store, and its connection with it. */
  readonly all: ICache<Uint8Array>;
  part(namespace: string): ICache<Uint8Array>;
}

/** Counters only grow. Each key read counts as one of them. */
export interface JsonCacheStatistics {
  readonly component: 'json-cache';
  readonly hits: number;
  readonly misses: number;
  /** Entries that are not JSON. They were given out as misses. */
  readonly errors: number;
}

/**
 * A cache outside this process, used by itself: values are stored as JSON, under the rules of `jsonCodec`.
 * As a tier of a `TieredCache` it stores that cache's envelopes instead, in a part of their own.
 */
export class JsonCache<V = unknown> implements SharedCache<V> {
  readonly name: string;
  readonly #store: ByteStore;
  readonly #cache: ICache<Uint8Array>;
  #hits = 0;
  #misses = 0;
  #errors = 0;

  constructor(name: string, store: ByteStore) {
    this.name = name;
    this.#store = store;
    this.#cache = store.all;
  }

  get capabilities(): CacheCapabilities {
    return this.#cache.capabilities;
  }

  bytes(namespace: string): ICache<Uint8Array> {
    return this.#store.part(namespace);
  }

  async get(key: string): Promise<V | undefined> {
    return this.#decode(await this.#cache.get(wellFormedKey(key)));
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, V>> {
    const unique = [...new Set(keys)].map(wellFormedKey);
    const found = await this.#cache.getMany(unique);
    const values = unique.map((key) => [key, this.#decode(found.get(key))] as const);
    return new Map(values.filter((entry): entry is readonly [string, V] => entry[1] !== undefined));
  }

  async set(key: string, value: V, options?: SetOptions): Promise<void> {
    await this.#cache.set(wellFormedKey(key), jsonCodec.encode(present(value)), options);
  }

  async setMany(entries: Iterable<readonly [string, V]>, options?: SetOptions): Promise<void> {
    const encoded = [...entries].map(
      ([key, value]) => [wellFormedKey(key), jsonCodec.encode(present(value))] as const,
    );
    await this.#cache.setMany(encoded, options);
  }

  async delete(key: string): Promise<boolean> {
    return this.#cache.delete(wellFormedKey(key));
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    return this.#cache.deleteMany(keys.map(wellFormedKey));
  }

  clear(): Promise<void> {
    return this.#cache.clear();
  }

  statistics(): JsonCacheStatistics {
    return { component: 'json-cache', hits: this.#hits, misses: this.#misses, errors: this.#errors };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cache[Symbol.asyncDispose]();
  }

  #decode(bytes: Uint8Array | undefined): V | undefined {
    if (bytes === undefined) {
      this.#misses += 1;
      return undefined;
    }
    try {
      const value = jsonCodec.decode(bytes) as V;
      this.#hits += 1;
      return value;
    } catch {
      this.#errors += 1;
      return undefined;
    }
  }
}
