import type { Clock } from '@holdfast/core';

import type { SetOptions } from '../cache.ts';
import { lifetime } from '../checks.ts';
import type { AdaptableCache } from './adaptable-cache.ts';

/** A store of another library that keeps text by name. Its methods reject when it fails. */
export interface TextStore {
  /** What is kept under each name, in the order of the names; anything but text is nothing of ours. */
  read(names: readonly string[]): Promise<readonly unknown[]>;
  /** @param ttlMs - A whole number of milliseconds of at least 1; absent for no end. */
  write(name: string, text: string, ttlMs: number | undefined): Promise<void>;
  remove(name: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How a value is written. Its expiry is repeated, for some stores know of none. */
interface Written {
  readonly value: unknown;
  /** Milliseconds since 1970 on the writer's clock; absent for no end. */
  readonly expires?: number;
}

/** Past this many milliseconds, some 3,000 years, a life has no end: stores refuse lives as too long. */
const longestLifeMs = 1e14;

/** JSON values with a life, in a store of text. */
export class TextEntries implements AdaptableCache {
  readonly #store: TextStore;
  readonly #clock: Clock;

  constructor(store: TextStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    const texts = await this.#store.read(keys);
    const found = new Map<string, unknown>();
    for (const [index, key] of keys.entries()) {
      const value = this.#live(texts[index]);
      if (value !== undefined) found.set(key, value);
    }
    return found;
  }

  async set(key: string, value: unknown, options?: SetOptions): Promise<void> {
    const ttlMs = Math.ceil(lifetime('ttlMs', options?.ttlMs ?? Infinity));
    const json = JSON.stringify(value);
    if (ttlMs === 0) return this.#store.remove(key);
    if (ttlMs > longestLifeMs) return this.#store.write(key, `{"value":${json}}`, undefined);
    await this.#store.write(key, `{"value":${json},"expires":${this.#clock.epoch() + ttlMs}}`, ttlMs);
  }

  delete(key: string): Promise<void> {
    return this.#store.remove(key);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#store[Symbol.asyncDispose]();
  }

  /** The value in a text, unless it has expired or somebody else has put it there. */
  #live(text: unknown): unknown {
    const written = typeof text === 'string' ? parsed(text) : undefined;
    if (written?.expires !== undefined && written.expires <= this.#clock.epoch()) return undefined;
    return written?.value;
  }
}

function parsed(text: string): Partial<Written> | undefined {
  try {
    const written = JSON.parse(text) as unknown;
    return typeof written === 'object' && written !== null ? written : undefined;
  } catch {
    return undefined;
  }
}
