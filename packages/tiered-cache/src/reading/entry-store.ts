import type { Authority } from '../coherence/authority.ts';
import type { Invalidation } from '../coherence/coherent-store.ts';
import type { Position } from '../coherence/position.ts';
import { Entry } from '../entry/entry.ts';
import { seal } from '../entry/envelope.ts';
import type { Stamps } from '../entry/stamps.ts';
import { EncodeError } from '../errors.ts';
import type { FirstTier } from '../memory/first-tier.ts';
import type { DumpedEntry } from '../results.ts';
import type { LowerTiers } from '../tiers/lower-tiers.ts';
import type { Found } from '../tiers/openings.ts';
import type { TierSurroundings } from '../tiers/tier-setup.ts';
import type { Sealed } from '../tiers/tier-write.ts';
import { type Fence, Fences } from './fences.ts';
import { Flights } from './flights.ts';
import type { LoadFacts } from './load-run.ts';
import { Lookups } from './lookups.ts';

export interface EntryStoreOptions extends TierSurroundings {
  readonly first: FirstTier | undefined;
  readonly lower: LowerTiers;
  readonly authority: Authority;
  readonly stamps: Stamps;
}

/** A value that a loader has brought, and what it said about it. */
export interface Loaded extends LoadFacts {
  readonly value: unknown;
  /** Position before the loader began. */
  readonly born: Position;
  /** Count of tag invalidations before the loader began. */
  readonly tagChanges: number;
  /** Reading of the monotonic clock when the loader began. */
  readonly startedAt: number;
  readonly loadMs: number;
}

/** How many dumped entries are looked up in one operation. */
const restoredAtOnce = 500;

/** What is found where there is no tier to look in. Stateless. */
const nothing: Promise<ReadonlyMap<string, Found>> = Promise.resolve(new Map());

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
  readonly first: FirstTier | undefined;
  readonly #options: EntryStoreOptions;
  readonly #lookups: Lookups;
  readonly #fences = new Fences();

  constructor(options: EntryStoreOptions) {
    const { name, clock, lower, first } = options;
    this.#options = options;
    this.lower = lower;
    this.first = first;
    const { invalidations } = options.authority;
    const tagChanges = (): number => invalidations.tagChanges;
    this.loads = new Flights(`${name} load`, clock, tagChanges);
    this.#lookups = new Lookups(lower, first, invalidations);
  }

  /**
   * Asks the lower tiers, once for everybody who asks meanwhile. What they give moves up into the first tier. Holds what
   * was looked up together, `key` among it if it was found.
   *
   * @param after - See {@link catchUp}.
   */
  lookup(key: string, after?: Position): Promise<ReadonlyMap<string, Found>> {
    return this.lower.absent ? nothing : this.#lookups.find(key, after);
  }

  /** What the lower tiers hold of `keys`, fresh or stale. */
  async lookupMany(keys: readonly string[], after?: Position): Promise<ReadonlyMap<string, Found>> {
    if (this.lower.absent || keys.length === 0) return new Map();
    const found = await Promise.all(keys.map((key) => this.#lookups.find(key, after)));
    const entries = keys.map((key, index) => [key, found[index]?.get(key)] as const);
    return new Map(entries.filter((entry): entry is readonly [string, Found] => entry[1] !== undefined));
  }

  /** Brings dumped entries back to the first tier, the last as the newest used. Tells how many are held. */
  async restore(dumped: readonly DumpedEntry[]): Promise<number> {
    let held = 0;
    for (let start = 0; start < dumped.length; start += restoredAtOnce) {
      const part = dumped.slice(start, start + restoredAtOnce);
      if (this.lower.absent) held += part.filter((entry) => this.#restore(entry)).length;
      else held += await this.#fetch(part.map(({ key }) => key));
    }
    return held;
  }

  /** Tells, until given back to {@link leave}, whether `key` has been invalidated since. */
  enter(key: string): Fence {
    return this.#fences.enter(key);
  }

  leave(key: string, fence: Fence): void {
    this.#fences.leave(key, fence);
  }

  /** An entry with a value that a loader has brought. */
  entryOf(loaded: Loaded): Entry {
    const { clock, stamps, authority } = this.#options;
    const { value, terms, born, tags, etag, version, loadMs } = loaded;
    const { epoch } = authority.invalidations;
    const origin = { stamp: stamps.next(), epoch, born, tags, etag, version, loadMs };
    const entry = new Entry(value, clock.now(), terms, origin);
    entry.tagsGoodAt = loaded.tagChanges;
    return entry;
  }

  /** The entry with its envelope; `undefined` if it cannot be encoded, and that has been told. */
  async sealOrTell(key: string, entry: Entry): Promise<Sealed | undefined> {
    const { name, hub } = this.#options;
    try {
      return await this.seal(key, entry);
    } catch (error) {
      if (hub.observed) hub.emit({ type: 'encode-failed', cache: name, key, error });
      return undefined;
    }
  }

  /** @throws {EncodeError} A promise only if the value format makes one. */
  seal(key: string, entry: Entry): Sealed | Promise<Sealed> {
    const encodeError = (cause: unknown): EncodeError => new EncodeError(this.#options.name, key, cause);
    try {
      const envelope = seal(key, entry, this.#options);
      if (!(envelope instanceof Promise)) return { entry, envelope };
      return envelope.then(
        (bytes) => ({ entry, envelope: bytes }),
        (error: unknown) => {
          throw encodeError(error);
        },
      );
    } catch (error) {
      throw encodeError(error);
    }
  }

  /** Drops what is held of `key` if it may be older than what was changed at that position. */
  catchUp(key: string, position: Position): void {
    if (position > this.#options.authority.invalidations.heard) this.invalidate(key);
  }

  /** Whether an entry has been deleted by one of its tags, or with everything, since it was found. */
  isGone(entry: Entry): boolean {
    return this.#options.authority.invalidations.judge(entry) === 'gone';
  }

  /** Nobody who asks from now on gets what is held or under way; the first tier drops the key. */
  invalidate(key: string): void {
    this.detach(key);
    this.first?.drop(key);
  }

  /** As {@link invalidate}, but what is held stays as a stale value. */
  outdate(key: string): void {
    this.detach(key);
    this.first?.expire(key);
  }

  /** What is under way for `key` goes on for those who wait for it, and stores nothing. */
  detach(key: string): void {
    this.#fences.raise(key);
    this.#lookups.forget(key);
    this.loads.forget(key);
  }

  /** As {@link detach} for every key, whatever is held; the first tier is left alone. */
  detachAll(): void {
    this.#fences.raiseAll();
    this.#lookups.forgetAll();
    this.loads.forgetAll();
  }

  /** Forgets what was loaded before positions were known. Those who look something up meanwhile have nothing old in hand. */
  restart(): void {
    this.loads.forgetAll();
    this.first?.clear();
  }

  invalidateAll(): void {
    this.detachAll();
    this.first?.clear();
  }

  /**
   * Does to the first tier and to what is under way what somebody else has done to the shared one. A durable tier is left
   * alone: what it holds is judged when it is read, and may be newer than the change.
   */
  follow({ change, names }: Invalidation): void {
    switch (change) {
      case 'set':
      case 'delete':
        for (const key of names) this.invalidate(key);
        return;
      case 'expire':
        for (const key of names) this.outdate(key);
        return;
      case 'clear':
        this.invalidateAll();
        return;
      case 'delete-tags':
      case 'expire-tags':
        // Entries are judged by their tags when they are read; what is being loaded bears the position it began at.
        return;
      default:
        // Of a newer version of this package: nothing that it could mean is kept.
        this.invalidateAll();
    }
  }

  async #fetch(keys: readonly string[]): Promise<number> {
    const { clock } = this.#options;
    const found = await this.lookupMany(keys);
    return [...found.values()].filter(({ entry }) => entry.freshUntil > clock.now()).length;
  }

  #restore({ key, value, freshForMs, tags, version, ...times }: DumpedEntry): boolean {
    const { authority, clock } = this.#options;
    // What was loaded or set since the process began is newer than any dump.
    if (this.first?.held(key) !== undefined) return true;
    const { staleWhileRevalidateMs, staleIfErrorMs } = times;
    const entry = this.entryOf({
      value,
      terms: { ttlMs: freshForMs, slidingMs: Infinity, staleWhileRevalidateMs, staleIfErrorMs },
      tags: tags.length === 0 ? undefined : tags,
      version,
      etag: undefined,
      skipped: false,
      born: authority.born(),
      tagChanges: authority.invalidations.tagChanges,
      startedAt: clock.now(),
      loadMs: 0,
    });
    return this.first?.hold(key, entry, clock.now()) === true;
  }
}
