import type { CacheCapabilities, ICache, SetOptions } from '../cache.ts';
import { lifetime } from '../checks.ts';
import type { SqliteConnection } from './connection.ts';

/** Bytes in one namespace of an SQLite table. */
export class SqliteStore implements ICache<Uint8Array> {
  readonly capabilities: CacheCapabilities = {
    ttl: true,
    sync: false,
    compareAndSet: false,
    log: false,
    tags: false,
  };
  readonly #namespace: string;
  readonly #connection: SqliteConnection;
  readonly #dispose: () => Promise<void>;

  constructor(namespace: string, connection: SqliteConnection, dispose: () => Promise<void>) {
    this.#namespace = namespace;
    this.#connection = connection;
    this.#dispose = dispose;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#connection.use((table) => table.entries.read(this.#namespace, key));
  }

  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#connection.use((table) => table.entries.readMany(this.#namespace, keys));
  }

  async set(key: string, value: Uint8Array, options?: SetOptions): Promise<void> {
    await this.setMany([[key, value]], options);
  }

  /** Writes all or none. */
  async setMany(entries: Iterable<readonly [string, Uint8Array]>, options?: SetOptions): Promise<void> {
    const ttlMs = lifetime('ttlMs', options?.ttlMs ?? Infinity);
    const writings = [...entries];
    if (ttlMs === 0) {
      await this.deleteMany(writings.map(([key]) => key));
      return;
    }
    const rest = await this.#connection.use((table) => table.write(this.#namespace, writings, ttlMs));
    this.#connection.tidyWithin(rest === 'some' ? 0 : ttlMs);
  }

  async delete(key: string): Promise<boolean> {
    return (await this.deleteMany([key])) === 1;
  }

  deleteMany(keys: readonly string[]): Promise<number> {
    return this.#connection.use((table) => table.remove(this.#namespace, keys));
  }

  /** One write, however much there is; the entries are removed in the background, in steps. */
  async clear(): Promise<void> {
    await this.#connection.use((table) => table.entries.clear(this.#namespace));
    this.#connection.tidyWithin(0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dispose();
  }
}
