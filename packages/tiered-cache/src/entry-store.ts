import type { ExecuteOptions } from '@holdfast/core';

import { Entry, type Terms } from './entry.ts';
import { seal } from './envelope.ts';
import { EncodeError } from './errors.ts';
import { type Fence, Fences } from './fences.ts';
import { Flights, type IsCurrent } from './flights.ts';
import { type LowerOutcomes, LowerTiers, type Sealed } from './lower-tiers.ts';
import type { MemoryTable } from './memory-table.ts';
import type { Found, TierSetup, TierSurroundings } from './tier.ts';

export interface EntryStoreOptions extends TierSurroundings {
  readonly l1: MemoryTable<Entry> | undefined;
  /** Longest time that the first tier answers by itself, in milliseconds. */
  readonly l1TtlMs: number;
  readonly lower: readonly TierSetup[];
}

/** What is found where there is no tier to look in. Stateless. */
const nothing: Promise<undefined> = Promise.resolve(undefined);

/**
 * The entries of one cache in all its tiers, and the order among what happens to them in this process.
 *
 * Invariants:
 * - what began before an invalidation of its key stores nothing after it, in any tier;
 * - nobody who asks after an invalidation joins work that began before it;
 * - an entry in the first tier lives no longer than where it came from.
 */
export class EntryStore {
  /** Loads under way. */
  readonly loads: Flights;
  readonly lower: LowerTiers;
  readonly #options: EntryStoreOptions;
  readonly #lookups: Flights;
  readonly #fences = new Fences();

  constructor(options: EntryStoreOptions) {
    const { name, clock, lower } = options;
    this.#options = options;
    this.lower = new LowerTiers(lower, options);
    this.loads = new Flights(`${name} load`, clock);
    this.#lookups = new Flights(`${name} lookup`, clock);
  }

  /** What the first tier holds, fresh or stale, unless it is gone. */
  held(key: string): Entry | undefined {
    const { l1, clock } = this.#options;
    const entry = l1?.get(key);
    if (entry === undefined || entry.goneAt > clock.now()) return entry;
    l1?.delete(key);
    return undefined;
  }

  /** Asks the lower tiers, once for everybody who asks meanwhile. What they give moves up into the first tier. */
  lookup(key: string, options?: ExecuteOptions): Promise<Found | undefined> {
    if (this.lower.absent) return nothing;
    const work = async (_context: unknown, isCurrent: IsCurrent): Promise<Found | undefined> => {
      const found = await this.lower.find(key, isCurrent);
      if (found !== undefined && isCurrent()) this.#hold(key, found.entry);
      return found;
    };
    return this.#lookups.run(key, work, options);
  }

  /** The fresh entries among `keys` in the lower tiers, in one operation per tier. */
  async lookupMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    if (this.lower.absent) return new Map();
    const fences = new Map(keys.map((key) => [key, this.#fences.enter(key)]));
    const isCurrent = (key: string): boolean => fences.get(key)?.raised === false;
    const entries = await this.lower.findMany(keys, isCurrent);
    for (const [key, { entry }] of entries) if (isCurrent(key)) this.#hold(key, entry);
    for (const [key, fence] of fences) this.#fences.leave(key, fence);
    return entries;
  }

  /** Tells, until given back to {@link leave}, whether `key` has been invalidated since. */
  enter(key: string): Fence {
    return this.#fences.enter(key);
  }

  leave(key: string, fence: Fence): void {
    this.#fences.leave(key, fence);
  }

  /** Keeps what a loader brought, without waiting for the lower tiers. */
  fill(key: string, value: unknown, terms: Terms): void {
    const entry = this.#newEntry(value, terms);
    if (!this.#hold(key, entry)) return this.drop(key);
    if (this.lower.absent) return;
    try {
      this.lower.fill(key, this.#seal(key, entry, terms));
    } catch (error) {
      void this.lower.delete(key);
      const { name, hub } = this.#options;
      if (hub.observed) hub.emit({ type: 'encode-failed', cache: name, key, error });
    }
  }

  /** Removes what is held of a key whose loader found nothing, or nothing to keep. */
  drop(key: string): void {
    this.#options.l1?.delete(key);
    void this.lower.delete(key);
  }

  /** @throws {EncodeError} before anything has changed. */
  async set(key: string, value: unknown, terms: Terms): Promise<LowerOutcomes> {
    const entry = this.#newEntry(value, terms);
    const sealed = this.lower.absent ? undefined : this.#seal(key, entry, terms);
    this.#invalidate(key);
    if (!this.#hold(key, entry)) return this.delete(key);
    return sealed === undefined ? {} : this.lower.set(key, sealed);
  }

  delete(key: string): Promise<LowerOutcomes> {
    this.#invalidate(key);
    this.#options.l1?.delete(key);
    return this.lower.delete(key);
  }

  clear(): Promise<LowerOutcomes> {
    this.#invalidateAll();
    return this.lower.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#invalidateAll();
    await this.lower[Symbol.asyncDispose]();
  }

  #newEntry(value: unknown, terms: Terms): Entry {
    const { clock } = this.#options;
    return new Entry(value, clock.now(), clock.epoch(), terms);
  }

  /** Tells whether the entry has any life at all, and so is worth storing. */
  #hold(key: string, entry: Entry): boolean {
    const { l1, l1TtlMs, clock } = this.#options;
    const now = clock.now();
    if (entry.goneAt <= now) return false;
    const there = l1?.get(key);
    if (there?.stamp === entry.stamp) entry.retryAt = Math.max(entry.retryAt, there.retryAt);
    else if (there !== undefined && there.storedAt > entry.storedAt) return true;
    entry.readableUntil = Math.min(entry.freshUntil, now + l1TtlMs);
    l1?.set(key, entry);
    return true;
  }

  #seal(key: string, entry: Entry, terms: Terms): Sealed {
    const { name, codec } = this.#options;
    try {
      return { entry, envelope: seal(entry, terms, codec) };
    } catch (error) {
      throw new EncodeError(name, key, error);
    }
  }

  #invalidate(key: string): void {
    this.#fences.raise(key);
    this.#lookups.forget(key);
    this.loads.forget(key);
  }

  #invalidateAll(): void {
    this.#fences.raiseAll();
    this.#lookups.forgetAll();
    this.loads.forgetAll();
    this.#options.l1?.clear();
  }
}
