import type { Clock } from '@holdfast/core';

import type { CacheCapabilities, ICache, SetOptions } from './cache.ts';
import { lifetime } from './checks.ts';
import type { SqliteTable } from './sqlite-table.ts';

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
  readonly #table: () => SqliteTable | Promise<SqliteTable>;
  readonly #clock: Clock;
  readonly #dispose: () => Promise<void>;

  constructor(
    namespace: string,
    table: () => SqliteTable | Promise<SqliteTable>,
    clock: Clock,
    dispose: () => Promise<void>,
  ) {
    this.#namespace = namespace;
    this.#table = table;
    this.#clock = clock;
    this.#dispose = dispose;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await this.getMany([key])).get(key);
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    if (keys.length === 0) return new Map();
    const table = await this.#table();
    const rows = table.read(this.#namespace, keys);
    return new Map([...rows].map(([key, value]) => [key, bytesOf(value)]));
  }

  async set(key: string, value: Uint8Array, options?: SetOptions): Promise<void> {
    await this.setMany([[key, value]], options);
  }

  async setMany(entries: Iterable<readonly [string, Uint8Array]>, options?: SetOptions): Promise<void> {
    const ttlMs = lifetime('ttlMs', options?.ttlMs ?? Infinity);
    const table = await this.#table();
    for (const [key, value] of entries) {
      if (ttlMs === 0) table.remove(this.#namespace, [key]);
      else table.write(this.#namespace, key, value, ttlMs);
    }
  }

  async delete(key: string): Promise<boolean> {
    return (await this.deleteMany([key])) === 1;
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    const table = await this.#table();
    return table.remove(this.#namespace, keys);
  }

  /** Removes in steps and lets others run in between, so that a large cache does not stop the process. */
  async clear(): Promise<void> {
    const table = await this.#table();
    const lastRow = table.lastRow();
    while (table.removeSome(this.#namespace, lastRow) === 'more')
      await new Promise<void>((resolve) => void this.#clock.schedule(resolve, 0));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dispose();
  }
}

/** A value that somebody else has put there in another type is given out as what it reads like. */
function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : Buffer.from(String(value));
}
