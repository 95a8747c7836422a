import type { CacheCapabilities, ICache, SetOptions } from '../cache.ts';
import { lifetime } from '../checks.ts';
import { KeyTurns } from './key-turns.ts';
import { Reads } from './reads.ts';
import type { PostgresTable } from './table.ts';

/** Bytes in one namespace of a Postgres table. */
export class PostgresStore implements ICache<Uint8Array> {
  readonly capabilities: CacheCapabilities = {
    ttl: true,
    sync: false,
    compareAndSet: false,
    log: false,
    tags: false,
  };
  readonly #namespace: string;
  readonly #table: PostgresTable;
  readonly #reads: Reads;
  readonly #turns = new KeyTurns();
  readonly #dispose: () => Promise<void>;

  constructor(namespace: string, table: PostgresTable, dispose: () => Promise<void>) {
    this.#namespace = namespace;
    this.#table = table;
    this.#reads = new Reads(table.entries, namespace);
    this.#dispose = dispose;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#reads.read(key);
  }

  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#table.entries.readMany(this.#namespace, keys);
  }

  async set(key: string, value: Uint8Array, options?: SetOptions): Promise<void> {
    await this.setMany([[key, value]], options);
  }

  async setMany(entries: Iterable<readonly [string, Uint8Array]>, options?: SetOptions): Promise<void> {
    const ttlMs = lifetime('ttlMs', options?.ttlMs ?? Infinity);
    const unique = new Map(entries);
    const keys = [...unique.keys()];
    if (ttlMs === 0) await this.deleteMany(keys);
    else await this.#turns.take(keys, () => this.#table.write(this.#namespace, unique, ttlMs));
  }

  async delete(key: string): Promise<boolean> {
    return (await this.deleteMany([key])) === 1;
  }

  deleteMany(keys: readonly string[]): Promise<number> {
    return this.#turns.take(keys, () => this.#table.remove(this.#namespace, keys));
  }

  /** One write, however much there is; the entries are removed in the background, in steps. */
  clear(): Promise<void> {
    return this.#table.clear(this.#namespace);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dispose();
  }
}
