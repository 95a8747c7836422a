import { callable, type Clock, methods, object, oneOf, systemClock, text, wholeNumber } from '@holdfast/core';

import type { CacheCapabilities, ICache, SetOptions } from '../cache.ts';
import { lifetime, present } from '../checks.ts';
import { CoarseClock } from './coarse-clock.ts';
import type { Place } from './eviction/queue.ts';
import type { Placed } from './eviction/record-table.ts';
import { type Eviction, MemoryTable, type TableLimits } from './memory-table.ts';

/** How much a cache in memory may hold. */
export interface MemoryLimits {
  /** Most entries held, at least 1. Defaults to 10,000. */
  readonly maxEntries?: number | undefined;
  /** Most bytes held, keys and bookkeeping included, at least 1. Defaults to 64 MiB. */
  readonly maxBytes?: number | undefined;
  /**
   * Bytes of a value. Defaults to an estimate that walks the whole value, at each write. A value whose size is not a
   * number, or cannot be told because this throws, is not kept.
   */
  readonly sizeOf?: ((value: unknown) => number) | undefined;
  /**
   * Which entries go when there is no room. `'s3-fifo'` keeps what is read again and again, whatever is read once
   * meanwhile; `'lru'` keeps what was used last, and takes memory for `maxEntries` at once. Defaults to `'s3-fifo'`.
   */
  readonly eviction?: Eviction | undefined;
}

export interface MemoryCacheOptions extends MemoryLimits {
  /** Shown in statistics. Defaults to `'memory'`. */
  readonly name?: string | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** Counters only grow; `entries` and `bytes` are read now and include what has expired but not been asked for since. */
export interface MemoryCacheStatistics {
  readonly component: 'memory-cache';
  readonly hits: number;
  readonly misses: number;
  readonly entries: number;
  readonly bytes: number;
  readonly capacityEntries: number;
  /** Entries pushed out for others. */
  readonly evictions: number;
}

class Held<V> implements Placed<Held<V>> {
  readonly value: V;
  readonly expiresAt: number;
  used: boolean = false;
  place: Place<Held<V>> | undefined;

  constructor(value: V, expiresAt: number) {
    this.value = value;
    this.expiresAt = expiresAt;
  }
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveLimits(limits: MemoryLimits, prefix: string): TableLimits {
  return {
    maxEntries: wholeNumber(`${prefix}maxEntries`, limits.maxEntries ?? 10_000, 1),
    maxBytes: wholeNumber(`${prefix}maxBytes`, limits.maxBytes ?? 64 * 1024 * 1024, 1),
    sizeOf: limits.sizeOf && callable(`${prefix}sizeOf`, limits.sizeOf),
    eviction: oneOf(`${prefix}eviction`, limits.eviction ?? 's3-fifo', ['s3-fifo', 'lru']),
  };
}

/**
 * A cache in this process, bounded in entries and bytes. Values are kept and given out by reference, never copied.
 *
 * Invariants:
 * - an entry is never given out from `ttlMs` after it was set, measured on the monotonic clock to the millisecond;
 * - there are never more entries than `maxEntries` nor more bytes than `maxBytes`.
 */
export class MemoryCache<V = unknown> implements ICache<V> {
  readonly capabilities: CacheCapabilities = {
    ttl: true,
    sync: true,
    compareAndSet: false,
    log: false,
    tags: false,
  };
  readonly name: string;
  readonly #clock: Clock;
  readonly #coarse: CoarseClock;
  readonly #table: MemoryTable<Held<V>>;
  #hits = 0;
  #misses = 0;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: MemoryCacheOptions = {}) {
    object('options', options);
    this.name = text('name', options.name ?? 'memory');
    this.#clock = methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule');
    this.#coarse = new CoarseClock(this.#clock);
    this.#table = new MemoryTable(
      resolveLimits(options, ''),
      ({ expiresAt }) => expiresAt <= this.#coarse.now(),
    );
  }

  /** What `get` would give, at once. */
  peek(key: string): V | undefined {
    const held = this.#table.get(key);
    if (held !== undefined && held.expiresAt > this.#coarse.now()) {
      this.#hits += 1;
      return held.value;
    }
    if (held !== undefined) this.#table.delete(key);
    this.#misses += 1;
    return undefined;
  }

  async get(key: string): Promise<V | undefined> {
    return this.peek(key);
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, V>> {
    const found = new Map<string, V>();
    for (const key of new Set(keys)) {
      const value = this.peek(key);
      if (value !== undefined) found.set(key, value);
    }
    return found;
  }

  async set(key: string, value: V, options?: SetOptions): Promise<void> {
    const ttlMs = lifetime('ttlMs', options?.ttlMs ?? Infinity);
    present(value);
    if (ttlMs === 0) this.#table.delete(key);
    else this.#table.set(key, new Held(value, this.#clock.now() + ttlMs));
  }

  async setMany(entries: Iterable<readonly [string, V]>, options?: SetOptions): Promise<void> {
    for (const [key, value] of entries) await this.set(key, value, options);
  }

  async delete(key: string): Promise<boolean> {
    const held = this.#table.peek(key);
    this.#table.delete(key);
    return held !== undefined && held.expiresAt > this.#clock.now();
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    let deleted = 0;
    for (const key of new Set(keys)) if (await this.delete(key)) deleted += 1;
    return deleted;
  }

  async clear(): Promise<void> {
    this.#table.clear();
  }

  statistics(): MemoryCacheStatistics {
    return {
      component: 'memory-cache',
      hits: this.#hits,
      misses: this.#misses,
      entries: this.#table.size,
      bytes: this.#table.bytes,
      capacityEntries: this.#table.maxEntries,
      evictions: this.#table.evictions,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#table.clear();
    this.#coarse[Symbol.dispose]();
  }
}
