import { callable, cancellationOf, EventHub, type EventSource, throwIfCancelled } from '@holdfast/core';

import { lifetime, present, wellFormedKey } from './checks.ts';
import { CoarseClock } from './coarse-clock.ts';
import { Counts } from './counts.ts';
import { type Entry, newer, type Terms } from './entry.ts';
import { EntryStore } from './entry-store.ts';
import { CacheDisposedError } from './errors.ts';
import type { TieredCacheEvent, TierLevel } from './events.ts';
import { MemoryTable } from './memory-table.ts';
import {
  type EntryOptions,
  type GetOptions,
  type Loader,
  type ResolvedOptions,
  resolveOptions,
  resolveTerms,
  type TieredCacheOptions,
} from './options.ts';
import { ReadThrough } from './read-through.ts';
import type { EntryView, WriteResult } from './results.ts';
import { summarize, type TieredCacheStatistics } from './statistics.ts';

/**
 * A cache in tiers: memory first, then what is shared, then what lasts. Each key has one load at a time in this
 * process; a value found further down moves up and keeps its remaining life.
 *
 * Between processes this version promises no more than the lives of entries: what one process writes or deletes, the
 * memory of another may contradict until the entry's `ttlMs` is over there, or `l1.ttlMs` if that is shorter.
 *
 * Invariants, in this process:
 * - no value is given out from `ttlMs` plus its stale times on after it was stored;
 * - after `delete`, `set` or `clear` was called, no later read gives what was held or being loaded before;
 * - each key has at most one load at a time;
 * - trouble in a tier rejects no read, and lengthens it by at most the tier's timeout.
 */
export class TieredCache<V = unknown> {
  readonly #options: ResolvedOptions;
  readonly #hub = new EventHub<TieredCacheEvent>();
  readonly #counts = new Counts();
  readonly #coarse: CoarseClock;
  readonly #l1: MemoryTable<Entry> | undefined;
  readonly #store: EntryStore;
  readonly #reads: ReadThrough;
  #disposed = false;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: TieredCacheOptions) {
    this.#options = resolveOptions(options);
    const { name, namespace, clock, codec, lower, l1, loadRetryMs } = this.#options;
    const hub = this.#hub;
    this.#coarse = new CoarseClock(clock);
    this.#l1 = l1 && new MemoryTable(l1);
    const l1TtlMs = l1?.ttlMs ?? 0;
    this.#store = new EntryStore({ name, namespace, codec, clock, hub, l1: this.#l1, l1TtlMs, lower });
    this.#reads = new ReadThrough({
      name,
      store: this.#store,
      counts: this.#counts,
      hub,
      clock,
      loadRetryMs,
    });
  }

  get name(): string {
    return this.#options.name;
  }

  get events(): EventSource<TieredCacheEvent> {
    return this.#hub;
  }

  /** The fresh value in memory, at once; nothing else is asked. Counted only if something is found. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names the value's type, as in get
  peek<T extends V = V>(key: string): T | undefined {
    const entry = this.#l1?.get(key);
    if (entry === undefined || entry.readableUntil <= this.#coarse.now()) return undefined;
    this.#counts.l1Hit += 1;
    return entry.value as T;
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
  get(key: string, loader?: Loader<unknown>, options?: GetOptions): Promise<unknown> {
    const entry = this.#l1?.get(key);
    if (entry === undefined || entry.readableUntil <= this.#coarse.now())
      return this.#read(key, loader, options);
    if (options !== undefined && cancellationOf(options)?.cancelled === true)
      return this.#read(key, loader, options);
    this.#counts.l1Hit += 1;
    return entry.settled;
  }

  /** The fresh values among `keys`: one operation per tier, no loads. */
  async getMany<T extends V = V>(keys: readonly string[]): Promise<ReadonlyMap<string, T>> {
    this.#check(...keys);
    const found = new Map<string, { readonly level: TierLevel; readonly entry: Entry }>();
    const missing = new Set(keys);
    for (const key of missing) {
      const entry = this.#l1?.get(key);
      if (entry === undefined || entry.readableUntil <= this.#coarse.now()) continue;
      found.set(key, { level: 'l1', entry });
      missing.delete(key);
    }
    this.#counts.l1Miss += missing.size;
    for (const [key, lower] of await this.#store.lookupMany([...missing])) found.set(key, lower);
    return this.#stillFresh<T>(new Set(keys), found);
  }

  /** What is held of `key`, fresh or stale, with where it is and how old. Not counted as a lookup. */
  async entry<T extends V = V>(key: string): Promise<EntryView<T> | undefined> {
    this.#check(key);
    const { clock } = this.#options;
    const held = this.#store.held(key);
    const readable = held !== undefined && held.readableUntil > clock.now();
    const found = readable ? undefined : await this.#store.lookup(key);
    const entry = newer(held, found?.entry);
    if (entry === undefined) return undefined;
    const now = clock.now();
    return {
      value: entry.value as T,
      state: entry.freshUntil > now ? 'fresh' : 'stale',
      tier: entry === found?.entry ? found.level : 'l1',
      ageMs: now - entry.storedAt,
    };
  }

  /**
   * Stores a value in every tier. Resolves also if a tier did not take it, and says so; that tier then drops what it
   * held. Prefer `delete` where another process may write the same key: of two sets the older one may arrive last.
   *
   * @throws {EncodeError} when there are lower tiers and the codec cannot represent the value. Nothing has changed then.
   */
  async set(key: string, value: V, options?: EntryOptions): Promise<WriteResult> {
    this.#check(key);
    present(value);
    return this.#written(await this.#store.set(key, value, this.#terms(options)));
  }

  /**
   * Removes a key from every tier: no later read in this process gives the old value, neither stale nor from a load
   * that was under way. Resolves also if a tier did not take it, and says so.
   */
  async delete(key: string): Promise<WriteResult> {
    this.#check(key);
    return this.#written(await this.#store.delete(key));
  }

  /** Removes every key of this namespace, as {@link delete} removes one. */
  async clear(): Promise<WriteResult> {
    this.#check();
    return this.#written(await this.#store.clear());
  }

  statistics(): TieredCacheStatistics {
    return summarize(this.#counts, this.#l1, this.#store.lower.statistics());
  }

  /** Calls refreshes off, waits for writes under way, disposes the tiers. Every method then rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#reads[Symbol.dispose]();
    this.#coarse[Symbol.dispose]();
    await this.#store[Symbol.asyncDispose]();
  }

  async #read(key: string, loader: Loader<unknown> | undefined, options?: GetOptions): Promise<unknown> {
    try {
      this.#check(key);
      throwIfCancelled(options);
      if (this.#l1 !== undefined) this.#counts.l1Miss += 1;
      if (loader === undefined) return await this.#find(key, options);
      const request = { key, loader: callable('loader', loader), terms: this.#terms(options), options };
      return await this.#reads.read(request, this.#store.held(key));
    } catch (error) {
      this.#counts.error += 1;
      throw error;
    }
  }

  async #find(key: string, options: GetOptions | undefined): Promise<unknown> {
    const found = await this.#store.lookup(key, options);
    const fresh = found !== undefined && found.entry.freshUntil > this.#options.clock.now();
    if (!fresh) {
      this.#counts.miss += 1;
      return undefined;
    }
    this.#counts[`${found.level}Hit`] += 1;
    return found.entry.value;
  }

  /** What a tier gave may have expired while another one was waited for. */
  #stillFresh<T>(
    keys: ReadonlySet<string>,
    found: ReadonlyMap<string, { readonly level: TierLevel; readonly entry: Entry }>,
  ): ReadonlyMap<string, T> {
    const now = this.#options.clock.now();
    const values = new Map<string, T>();
    for (const [key, { level, entry }] of found) {
      if (entry.freshUntil <= now) continue;
      this.#counts[`${level}Hit`] += 1;
      values.set(key, entry.value as T);
    }
    this.#counts.miss += keys.size - values.size;
    return values;
  }

  /** The times of an entry that is stored now. */
  #terms(options: EntryOptions | undefined): Terms {
    const { terms: defaults, jitterRatio, random } = this.#options;
    if (options === undefined && jitterRatio === 0) return defaults;
    const terms = resolveTerms(options ?? {}, defaults);
    if (jitterRatio === 0) return terms;
    return { ...terms, ttlMs: lifetime('ttlMs', terms.ttlMs * (1 - jitterRatio * random())) };
  }

  #written(lower: WriteResult): WriteResult {
    return this.#l1 === undefined ? lower : { l1: 'applied', ...lower };
  }

  #check(...keys: readonly string[]): void {
    if (this.#disposed) throw new CacheDisposedError(this.#options.name);
    for (const key of keys) wellFormedKey(key);
  }
}

/** A {@link TieredCache}. */
export function createCache<V = unknown>(options: TieredCacheOptions): TieredCache<V> {
  return new TieredCache<V>(options);
}
