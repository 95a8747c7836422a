import { identifier, tagsOf, wellFormedKey } from '../checks.ts';
import type { BulkLoadContext, BulkLoader, Loader } from '../loader.ts';
import type { EntryOptions, GetOptions, StoreOptions, WriteOptions } from '../options.ts';
import { resolveTerms } from '../resolved-options.ts';
import type { EntryView, WriteResult } from '../results.ts';
import type { TieredCache } from '../tiered-cache.ts';

/** Stands in for the times of the cache where only the defaults of a part are checked. */
const none = { ttlMs: 0, slidingMs: Infinity, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 };

/**
 * A part of a cache: its keys are those of the cache that begin with `<name>:`, and share its tiers, limits and log. What is
 * stored through it bears a tag of the part, so that `clear` is one write and never reaches a neighbour, whatever its name.
 */
export class NamespacedCache<V = unknown> {
  readonly name: string;
  readonly #cache: TieredCache;
  readonly #prefix: string;
  readonly #tag: string;
  readonly #defaults: EntryOptions;

  /** @throws {InvalidOptionError} when the name is not made of letters, digits, `.`, `_` and `-`, or a default is out of range. */
  constructor(cache: TieredCache, name: string, defaults: EntryOptions) {
    this.name = identifier('name', name);
    this.#cache = cache;
    this.#prefix = `${name}:`;
    this.#tag = `namespace:${name}`;
    resolveTerms(defaults, none);
    this.#defaults = { ...defaults, tags: tagsOf(defaults.tags) };
  }

  /** As {@link TieredCache.peek}. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names the value's type, as in get
  peek<T extends V = V>(key: string): T | undefined {
    return this.#cache.peek(this.#prefix + key) as T | undefined;
  }

  /** As {@link TieredCache.get}. */
  get<T extends V = V>(key: string, loader?: undefined, options?: GetOptions): Promise<T | undefined>;
  get<T extends V>(key: string, loader: Loader<T>, options?: GetOptions): Promise<T>;
  get(key: string, loader?: (context: never) => unknown, options?: GetOptions): Promise<unknown> {
    try {
      const name = this.#nameOf(key);
      if (loader === undefined) return this.#cache.get(name, undefined, options);
      return this.#cache.get(name, loader as Loader<unknown>, this.#marked(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As {@link TieredCache.getMany}; the result holds the keys as they were given. */
  async getMany<T extends V = V>(
    keys: readonly string[],
    loader?: BulkLoader<T>,
    options?: GetOptions,
  ): Promise<ReadonlyMap<string, T>> {
    const names = keys.map((key) => this.#nameOf(key));
    const load = loader && this.#loaderOf(loader);
    return this.#stripped(await this.#cache.getMany<T>(names, load, this.#marked(options)));
  }

  /** As {@link TieredCache.entry}. */
  async entry<T extends V = V>(key: string): Promise<EntryView<T> | undefined> {
    const entry = await this.#cache.entry(this.#nameOf(key));
    return entry && { ...(entry as EntryView<T>), tags: entry.tags.filter((tag) => tag !== this.#tag) };
  }

  /** As {@link TieredCache.set}. */
  async set(key: string, value: V, options?: StoreOptions): Promise<WriteResult> {
    return this.#cache.set(this.#nameOf(key), value, this.#marked(options));
  }

  /** As {@link TieredCache.delete}. */
  async delete(key: string, options?: WriteOptions): Promise<WriteResult> {
    return this.#cache.delete(this.#nameOf(key), options);
  }

  /** As {@link TieredCache.expire}. */
  async expire(key: string, options?: Pick<WriteOptions, 'strict'>): Promise<WriteResult> {
    return this.#cache.expire(this.#nameOf(key), options);
  }

  /** Removes what was stored through this part, and nothing else; one write. */
  clear(options?: Pick<WriteOptions, 'strict'>): Promise<WriteResult> {
    return this.#cache.deleteTag(this.#tag, options);
  }

  /** Ends the fresh life of what was stored through this part; one write. */
  expireAll(options?: Pick<WriteOptions, 'strict'>): Promise<WriteResult> {
    return this.#cache.expireTag(this.#tag, options);
  }

  /** Checked before it is joined: behind the prefix, no key at all would look like one that everybody shares. */
  #nameOf(key: string): string {
    return this.#prefix + wellFormedKey(key);
  }

  #marked<Options extends EntryOptions>(options: Options | undefined): Options & EntryOptions {
    const own = options ?? ({} as Options);
    const tags = [...(this.#defaults.tags ?? []), ...(tagsOf(own.tags) ?? []), this.#tag];
    const { ttlMs, slidingMs, staleWhileRevalidateMs, staleIfErrorMs } = this.#defaults;
    return {
      ...own,
      ttlMs: own.ttlMs ?? ttlMs,
      slidingMs: own.slidingMs ?? slidingMs,
      staleWhileRevalidateMs: own.staleWhileRevalidateMs ?? staleWhileRevalidateMs,
      staleIfErrorMs: own.staleIfErrorMs ?? staleIfErrorMs,
      tags,
    };
  }

  #loaderOf<T>(loader: BulkLoader<T>): BulkLoader<T> {
    return async (names, context) => {
      const keys = names.map((name) => name.slice(this.#prefix.length));
      const values = await loader(keys, prefixed(context, this.#prefix));
      return new Map([...values].map(([key, value]) => [this.#prefix + key, value]));
    };
  }

  #stripped<T>(values: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
    return new Map([...values].map(([name, value]) => [name.slice(this.#prefix.length), value]));
  }
}

/** The context of a bulk loader that knows its keys without their prefix. */
function prefixed(context: BulkLoadContext, prefix: string): BulkLoadContext {
  return {
    get signal() {
      return context.signal;
    },
    attempt: context.attempt,
    remainingMs: () => context.remainingMs(),
    of: (key) => context.of(prefix + key),
  };
}
