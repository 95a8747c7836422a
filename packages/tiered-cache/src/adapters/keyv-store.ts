import { type Clock, InvalidOptionError, methods } from '@holdfast/core';

import { StoreRefusedError } from './errors.ts';
import type { TextStore } from './text-entries.ts';

/** The part of a Keyv store that is used here: the stores of Keyv 5 and 6 fit, and so does a `Map`. */
export interface KeyvStore {
  get(key: string): unknown;
  getMany?(keys: string[]): unknown;
  /** @param life - Milliseconds from now, or since 1970 if `capabilities.expires` says so. */
  set(key: string, value: string, life?: number): unknown;
  delete(key: string): unknown;
  readonly capabilities?: { readonly expires?: boolean | undefined } | undefined;
}

/** The part of a Keyv that is used here: those of Keyv 5 and 6 fit. */
export interface KeyvLike {
  readonly store: KeyvStore;
  readonly stats: unknown;
  readonly namespace?: string | undefined;
  readonly compression?: unknown;
  readonly encryption?: unknown;
  /** Keyv 5 writes its namespace before each key; Keyv 6 leaves that to the store. */
  readonly useKeyPrefix?: boolean | undefined;
}

/** The store of a Keyv, or one by itself, as a store of text. It stays its owner's: disposing this leaves it open. */
export class KeyvTextStore implements TextStore {
  readonly #store: KeyvStore;
  readonly #prefix: string;
  readonly #clock: Clock;

  /** @throws {InvalidOptionError} for what is neither, and for a Keyv that compresses or encrypts. */
  constructor(keyvOrStore: KeyvLike | KeyvStore, clock: Clock) {
    const { store, prefix } = isKeyv(keyvOrStore) ? storeOf(keyvOrStore) : { store: keyvOrStore, prefix: '' };
    this.#store = methods('keyvOrStore', store, 'get', 'set', 'delete');
    this.#prefix = prefix;
    this.#clock = clock;
  }

  async read(names: readonly string[]): Promise<readonly unknown[]> {
    const keys = names.map((name) => this.#prefix + name);
    const [only] = keys;
    if (only !== undefined && keys.length === 1) return [await this.#store.get(only)];
    if (this.#store.getMany !== undefined) return (await this.#store.getMany(keys)) as readonly unknown[];
    return Promise.all(keys.map((key) => this.#store.get(key)));
  }

  async write(name: string, text: string, ttlMs: number | undefined): Promise<void> {
    const taken = await this.#store.set(this.#prefix + name, text, this.#life(ttlMs));
    if (taken === false) throw new StoreRefusedError('keyv');
  }

  async remove(name: string): Promise<void> {
    await this.#store.delete(this.#prefix + name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Not ours.
  }

  #life(ttlMs: number | undefined): number | undefined {
    if (ttlMs === undefined || this.#store.capabilities?.expires !== true) return ttlMs;
    return Math.ceil(this.#clock.epoch() + ttlMs);
  }
}

/** Stores may have a `store` of their own; only a Keyv keeps statistics besides. */
function isKeyv(keyvOrStore: KeyvLike | KeyvStore): keyvOrStore is KeyvLike {
  return Object(keyvOrStore) === keyvOrStore && 'store' in keyvOrStore && 'stats' in keyvOrStore;
}

/**
 * A Keyv makes a miss of every failure of its store, also of a failed deletion, so the store is used without it. What the
 * Keyv would do to values must then be left to the cache.
 */
function storeOf({ store, namespace, compression, encryption, useKeyPrefix }: KeyvLike): {
  readonly store: KeyvStore;
  readonly prefix: string;
} {
  const changesValues = compression !== undefined || encryption !== undefined;
  if (changesValues)
    throw new InvalidOptionError('keyvOrStore', 'without compression and encryption', {
      compression,
      encryption,
    });
  const prefixed = useKeyPrefix === true && namespace !== undefined && namespace !== '';
  return { store, prefix: prefixed ? `${namespace}:` : '' };
}
