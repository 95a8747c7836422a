import { callable, cancellationOf, type EventSource, throwIfCancelled } from '@holdfast/core';

import { type Advice, adviceFor } from './advice.ts';
import { assemble, type Assembly } from './assembly.ts';
import { present, tagsOf, version, wellFormedKey, wellFormedTag } from './checks.ts';
import type { Counts } from './counts.ts';
import { CacheDisposedError } from './errors.ts';
import type { TieredCacheEvent } from './events.ts';
import type { FirstTier } from './memory/first-tier.ts';
import type { BulkLoader, Loader } from './loader.ts';
import type {
  EntryOptions,
  GetOptions,
  ReadRecorder,
  StoreOptions,
  TieredCacheOptions,
  WriteOptions,
} from './options.ts';
import { type ResolvedOptions, resolveOptions } from './resolved-options.ts';
import type { DumpedEntry, EntryView, WriteResult } from './results.ts';
import { summarize, type TieredCacheStatistics } from './statistics.ts';
import type { ValueGuard } from './values/copies.ts';
import { DefinedCache, type Definition } from './views/defined-cache.ts';
import { NamespacedCache } from './views/namespaced-cache.ts';
import type { WriteTerms } from './writing/writes.ts';

/**
 * A cache in tiers: memory first, then what is shared, then what lasts. Each key has one load at a time; a value found
 * further down moves up and keeps its remaining life.
 *
 * Through a tier with a log, such as Redis, a fleet of processes stays coherent; see the guide for what exactly is
 * promised. Without one, each promise is about one process, and what others do shows when lives end.
 *
 * Invariants:
 * - no value is given out from `ttlMs` plus its stale times on after it was stored;
 * - after `delete`, `set` or `clear` was called, no later read in this process gives what was held or being loaded before;
 * - each key has at most one load at a time;
 * - trouble in a tier rejects no read, and lengthens it by at most the tier's timeout.
 */
export class TieredCache<V = unknown> {
  readonly #options: ResolvedOptions;
  readonly #parts: Assembly;
  readonly #counts: Counts;
  readonly #first: FirstTier | undefined;
  readonly #recorder: ReadRecorder | undefined;
  readonly #guard: ValueGuard;
  /** Whether answers cannot be shared. */
  readonly #copies: boolean;
  #disposal: Promise<void> | undefined;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: TieredCacheOptions) {
    this.#options = resolveOptions(options);
    this.#parts = assemble(this.#options);
    this.#counts = this.#parts.counts;
    this.#first = this.#parts.first;
    this.#recorder = this.#options.reads;
    this.#guard = this.#options.guard;
    this.#copies = options.copies === 'cloned';
    // Whoever made the cache has had the time to subscribe by then.
    queueMicrotask(() => this.#advise());
  }

  get name(): string {
    return this.#options.name;
  }

  /** Guarantees that this cache does not give as it is configured; empty for none. */
  get advice(): readonly Advice[] {
    return adviceFor(this.#options);
  }

  get events(): EventSource<TieredCacheEvent> {
    return this.#parts.hub;
  }

  /** The fresh value in memory, at once; nothing else is asked. Counted only if something is found. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names the value's type, as in get
  peek<T extends V = V>(key: string): T | undefined {
    const entry = this.#first?.readable(key) ?? this.#parts.reads.peek(key);
    if (entry === undefined) return undefined;
    this.#counts.l1Hit += 1;
    this.#recorder?.record(key);
    return this.#guard.give(entry.value) as T;
  }

  /**
   * The fresh value in the nearest tier that has one. With a loader, its value where there is none; concurrent calls
   * for a key share one load. A stale value stands in as far as the entry's times allow.
   *
   * @throws Whatever the loader throws, unless a stale value may stand in.
   * @throws The signal's reason, when this caller's signal aborts.
   * @throws {DeadlineExceededError} when this caller's deadline passes and no stale value may stand in.
   */
  get<T extends V = V>(key: string, loader?: undefined, options?: GetOptions): Promise<T | undefined>;
  get<T extends V>(key: string, loader: Loader<T>, options?: GetOptions): Promise<T>;
  get(key: string, loader?: (context: never) => unknown, options?: GetOptions): Promise<unknown> {
    const entry = this.#first?.readable(key);
    if (entry === undefined || (options !== undefined && !this.#answersAtOnce(options)))
      return this.#read(key, loader as Loader<unknown> | undefined, options);
    this.#counts.l1Hit += 1;
    this.#recorder?.record(key);
    return this.#copies ? Promise.resolve(this.#guard.give(entry.value)) : entry.settled;
  }

  /**
   * The fresh values among `keys`, in one operation per tier. With a loader, one call of it brings those that are missing.
   *
   * @throws Whatever the loader throws, unless stale values may stand in for all that it was to bring.
   * @throws The signal's reason, when this caller's signal aborts.
   * @throws {DeadlineExceededError} when this caller's deadline passes and stale values may not stand in.
   */
  async getMany<T extends V = V>(
    keys: readonly string[],
    loader?: BulkLoader<T>,
    options?: GetOptions,
  ): Promise<ReadonlyMap<string, T>> {
    this.#check();
    for (const key of keys) wellFormedKey(key);
    throwIfCancelled(options);
    const load = loader && callable('loader', loader);
    return this.#given(await this.#parts.reads.getMany<T>(new Set(keys), load, options));
  }

  /** What is held of `key`, fresh or stale, with where it is and how old. Not counted as a lookup. */
  async entry<T extends V = V>(key: string): Promise<EntryView<T> | undefined> {
    this.#check(key);
    const entry = await this.#parts.reads.entry<T>(key);
    return entry && { ...entry, value: this.#guard.give(entry.value) as T };
  }

  /**
   * Stores a value in every tier. Resolves also if a tier did not take it, and says so; that tier then drops what it
   * held. Prefer `delete` where another process may write the same key, or give versions: of two plain sets the older one
   * may arrive last.
   *
   * @throws {EncodeError} when there are lower tiers and the value cannot be represented. No tier has changed then.
   * @throws {WriteQueuedError} when `strict` and a tier did not take it.
   */
  async set(key: string, value: V, options?: StoreOptions): Promise<WriteResult> {
    this.#check(key);
    present(value);
    const stored = { terms: this.#parts.lives.termsOf(options), tags: tagsOf(options?.tags) };
    return this.#parts.writes.set(key, this.#guard.keep(value), stored, writeTerms(options));
  }

  /**
   * Removes a key from every tier: it is never given out again, neither stale nor from a load that was under way.
   * Resolves also if a tier did not take it, and says so.
   *
   * @throws {WriteQueuedError} when `strict` and a tier did not take it.
   */
  async delete(key: string, options?: WriteOptions): Promise<WriteResult> {
    this.#check(key);
    return this.#parts.writes.delete(key, writeTerms(options));
  }

  /** Ends the fresh life of a key in every tier: it may still be given out stale, as far as its stale times allow. */
  async expire(key: string, options?: Pick<WriteOptions, 'strict'>): Promise<WriteResult> {
    this.#check(key);
    return this.#parts.writes.expire(key, writeTerms(options));
  }

  /** Removes every entry that bears the tag, as {@link delete} removes one; one write, however many they are. */
  async deleteTag(tag: string, options?: Pick<WriteOptions, 'strict'>): Promise<WriteResult> {
    this.#check();
    return this.#parts.writes.invalidateTags([wellFormedTag(tag)], 'delete-tags', writeTerms(options));
  }

  /** Ends the fresh life of every entry that bears the tag, as {@link expire} does for one. */
  async expireTag(tag: string, options?: Pick<WriteOptions, 'strict'>): Promise<WriteResult> {
    this.#check();
    return this.#parts.writes.invalidateTags([wellFormedTag(tag)], 'expire-tags', writeTerms(options));
  }

  /** Removes every key of this cache, as {@link delete} removes one; one write in a shared tier, whatever it holds. */
  async clear(options?: Pick<WriteOptions, 'strict'>): Promise<WriteResult> {
    this.#check();
    return this.#parts.writes.clear(writeTerms(options));
  }

  /** The fresh entries in memory, the hottest first as far as that is known. Counted as no use of them. */
  *dump({ maxEntries = Infinity }: { readonly maxEntries?: number } = {}): Generator<DumpedEntry<V>> {
    let dumped = 0;
    for (const [key, { value, freshUntil, terms, tags, origin }] of this.#first?.entries() ?? []) {
      if (dumped >= maxEntries) return;
      dumped += 1;
      yield {
        key,
        value: this.#guard.give(value) as V,
        freshForMs: freshUntil - this.#options.clock.now(),
        staleWhileRevalidateMs: terms.staleWhileRevalidateMs,
        staleIfErrorMs: terms.staleIfErrorMs,
        tags: tags ?? [],
        version: origin.version,
      };
    }
  }

  /**
   * Brings back to memory what was dumped, the hottest last. Where there are lower tiers they are asked for its keys, and
   * their values count: what was deleted since stays deleted. Without any, the entries are as of their dump.
   *
   * @returns how many are held now.
   */
  async restore(entries: Iterable<DumpedEntry<V>>): Promise<number> {
    this.#check();
    if (this.#first === undefined) return 0;
    return this.#parts.store.restore([...entries].toReversed());
  }

  /**
   * A part of this cache: its keys begin with `<name>:`, and `clear` reaches nothing else.
   *
   * @param defaults - Times and tags of what is stored through it.
   * @throws {InvalidOptionError} when the name is not made of letters, digits, `.`, `_` and `-`.
   */
  namespace<T extends V = V>(name: string, defaults: EntryOptions = {}): NamespacedCache<T> {
    return new NamespacedCache<T>(this, name, defaults);
  }

  /**
   * Entries of one kind, in a part of this cache called `name`: key, loader and tags written once.
   *
   * @throws {InvalidOptionError} naming the first option out of range.
   */
  define<Id, T extends V>(name: string, definition: Definition<Id, T>): DefinedCache<Id, T> {
    const { ttlMs, slidingMs, staleWhileRevalidateMs, staleIfErrorMs } = definition;
    const part = this.namespace(name, { ttlMs, slidingMs, staleWhileRevalidateMs, staleIfErrorMs });
    return new DefinedCache<Id, T>(part, definition);
  }

  statistics(): TieredCacheStatistics {
    return summarize(this.#counts, this.#first?.table, this.#parts.store.lower.statistics());
  }

  /** Calls refreshes off, waits for writes under way, disposes the tiers, once for all who ask. Every method then rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposal === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      // Before it begins: it calls loads off, whose listeners may ask for it as well.
      this.#disposal = promise;
      resolve(this.#parts[Symbol.asyncDispose]());
    }
    await this.#disposal;
  }

  #advise(): void {
    const { hub } = this.#parts;
    if (!hub.observed) return;
    for (const advice of this.advice) hub.emit({ type: 'advice', cache: this.name, advice });
  }

  /** Whether a caller with these options can be answered from memory without a further look. */
  #answersAtOnce({ after, ...options }: GetOptions): boolean {
    return after === undefined && cancellationOf(options)?.cancelled !== true;
  }

  async #read(key: string, loader: Loader<unknown> | undefined, options?: GetOptions): Promise<unknown> {
    try {
      this.#check(key);
      throwIfCancelled(options);
      return this.#guard.give(
        await this.#parts.reads.get(key, loader && callable('loader', loader), options),
      );
    } catch (error) {
      this.#counts.error += 1;
      throw error;
    }
  }

  #given<T>(values: Map<string, T>): ReadonlyMap<string, T> {
    if (this.#copies) for (const [key, value] of values) values.set(key, this.#guard.give(value) as T);
    return values;
  }

  #check(...key: readonly [] | readonly [string]): void {
    if (this.#disposal !== undefined) throw new CacheDisposedError(this.#options.name);
    for (const one of key) wellFormedKey(one);
  }
}

function writeTerms(options: WriteOptions | undefined): WriteTerms {
  const given = options?.version;
  return { strict: options?.strict, version: given === undefined ? undefined : version(given) };
}

/** A {@link TieredCache}. */
export function createCache<V = unknown>(options: TieredCacheOptions): TieredCache<V> {
  return new TieredCache<V>(options);
}
