import type { CacheCapabilities, ICache, SetOptions } from '../cache.ts';

/** Bytes in a cache that can keep text but no bytes. They take a third more room there. */
export class Base64Cache implements ICache<Uint8Array> {
  readonly #cache: ICache;

  constructor(cache: ICache) {
    this.#cache = cache;
  }

  get capabilities(): CacheCapabilities {
    return this.#cache.capabilities;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return bytesOf(await this.#cache.get(key));
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for (const [key, text] of await this.#cache.getMany(keys)) {
      const bytes = bytesOf(text);
      if (bytes !== undefined) found.set(key, bytes);
    }
    return found;
  }

  set(key: string, value: Uint8Array, options?: SetOptions): Promise<void> {
    return this.#cache.set(key, textOf(value), options);
  }

  setMany(entries: Iterable<readonly [string, Uint8Array]>, options?: SetOptions): Promise<void> {
    return this.#cache.setMany(
      [...entries].map(([key, value]) => [key, textOf(value)] as const),
      options,
    );
  }

  delete(key: string): Promise<boolean> {
    return this.#cache.delete(key);
  }

  deleteMany(keys: readonly string[]): Promise<number> {
    return this.#cache.deleteMany(keys);
  }

  clear(): Promise<void> {
    return this.#cache.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cache[Symbol.asyncDispose]();
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function bytesOf(text: unknown): Uint8Array | undefined {
  return typeof text === 'string' ? Buffer.from(text, 'base64') : undefined;
}
