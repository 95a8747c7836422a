import { callable } from '@holdfast/core';

import type { LoadContext } from '../loader.ts';
import type { EntryTimes, GetOptions, StoreOptions, WriteOptions } from '../options.ts';
import type { EntryView, WriteResult } from '../results.ts';
import type { NamespacedCache } from './namespaced-cache.ts';

/** What a kind of entry is: how its key is made, how it is loaded, and what it can be invalidated by. */
export interface Definition<Id, T> extends EntryTimes {
  /** The key of an id. Defaults to the id as text. Different ids must have different keys. */
  readonly key?: ((id: Id) => string) | undefined;
  readonly load: (id: Id, context: LoadContext) => T | PromiseLike<T>;
  /** Loads many at once, in the order of `ids`; `undefined` for what there is not. Defaults to `load` for each. */
  readonly loadMany?: ((ids: readonly Id[]) => Values<T> | PromiseLike<Values<T>>) | undefined;
  /** Tags of a value. Defaults to none. */
  readonly tags?: ((value: T, id: Id) => readonly string[]) | undefined;
}

/** Values in the order of their ids; `undefined` for what there is not. */
export type Values<T> = readonly (T | undefined)[];

/** Entries of one kind: key, loader and tags are written once, where they belong together. */
export class DefinedCache<Id, T> {
  readonly #cache: NamespacedCache;
  readonly #definition: Definition<Id, T>;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(cache: NamespacedCache, definition: Definition<Id, T>) {
    callable('load', definition.load);
    for (const option of ['key', 'loadMany', 'tags'] as const)
      if (definition[option] !== undefined) callable(option, definition[option]);
    this.#cache = cache;
    this.#definition = definition;
  }

  /** The fresh value in memory, at once. */
  peek(id: Id): T | undefined {
    return this.#cache.peek(this.#key(id)) as T | undefined;
  }

  /** The value of `id`, loaded if it is missing. */
  get(id: Id, options?: GetOptions): Promise<T> {
    return this.#cache.get<T>(this.#key(id), (context) => this.#load(id, context), options);
  }

  /** The values of `ids`, loaded together as far as they are missing; without those that there are not. */
  async getMany(ids: readonly Id[], options?: GetOptions): Promise<ReadonlyMap<Id, T>> {
    const byKey = new Map(ids.map((id) => [this.#key(id), id]));
    const found = await this.#read(byKey, options);
    const values = ids.map((id) => [id, found.get(this.#key(id))] as const);
    return new Map(values.filter((entry): entry is readonly [Id, T] => entry[1] !== undefined));
  }

  entry(id: Id): Promise<EntryView<T> | undefined> {
    return this.#cache.entry(this.#key(id)) as Promise<EntryView<T> | undefined>;
  }

  async set(id: Id, value: T, options?: StoreOptions): Promise<WriteResult> {
    const tags = [...(options?.tags ?? []), ...(this.#definition.tags?.(value, id) ?? [])];
    return this.#cache.set(this.#key(id), value, { ...options, tags });
  }

  delete(id: Id, options?: WriteOptions): Promise<WriteResult> {
    return this.#cache.delete(this.#key(id), options);
  }

  expire(id: Id, options?: Pick<WriteOptions, 'strict'>): Promise<WriteResult> {
    return this.#cache.expire(this.#key(id), options);
  }

  /** Removes every entry of this kind; one write. */
  clear(options?: Pick<WriteOptions, 'strict'>): Promise<WriteResult> {
    return this.#cache.clear(options);
  }

  #key(id: Id): string {
    return this.#definition.key === undefined ? String(id) : this.#definition.key(id);
  }

  async #load(id: Id, context: LoadContext): Promise<T> {
    const value = await this.#definition.load(id, context);
    if (value !== undefined && this.#definition.tags !== undefined)
      context.tags(...this.#definition.tags(value, id));
    return value;
  }

  async #read(byKey: ReadonlyMap<string, Id>, options?: GetOptions): Promise<ReadonlyMap<string, T>> {
    const { loadMany } = this.#definition;
    if (loadMany !== undefined) return this.#readTogether(byKey, loadMany, options);
    const values = await Promise.all(
      [...byKey].map(async ([key, id]) => [key, await this.get(id, options)] as const),
    );
    return new Map(values);
  }

  async #readTogether(
    byKey: ReadonlyMap<string, Id>,
    loadMany: (ids: readonly Id[]) => Values<T> | PromiseLike<Values<T>>,
    options: GetOptions | undefined,
  ): Promise<ReadonlyMap<string, T>> {
    return this.#cache.getMany<T>(
      [...byKey.keys()],
      async (keys, context) => {
        const ids = keys.map((key) => byKey.get(key) as Id);
        const values = await loadMany(ids);
        const entries = keys.map((key, index) => [key, values[index]] as const).filter(isPresent);
        for (const [key, value] of entries) {
          const tags = this.#definition.tags?.(value, byKey.get(key) as Id) ?? [];
          context.of(key).tags(...tags);
        }
        return new Map(entries);
      },
      options,
    );
  }
}

function isPresent<T>(entry: readonly [string, T | undefined]): entry is readonly [string, T] {
  return entry[1] !== undefined;
}
