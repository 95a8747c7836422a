import type { Clock } from '@holdfast/core';

import type { Authority } from '../coherence/authority.ts';
import type { Invalidations } from '../coherence/invalidations.ts';
import type { Position } from '../coherence/position.ts';
import type { Trust } from '../coherence/trust.ts';
import { type Entry, newer } from '../entry/entry.ts';
import type { EarlyRefresh } from '../reading/early-refresh.ts';
import type { CoarseClock } from './coarse-clock.ts';
import type { MemoryTable } from './memory-table.ts';

export interface FirstTierOptions {
  readonly table: MemoryTable<Entry>;
  readonly authority: Authority;
  readonly earlyRefresh: EarlyRefresh;
  /** Longest time that this tier answers by itself, in milliseconds. */
  readonly ttlMs: number;
  /** How long something just read or loaded counts as known, whatever becomes of the log, in milliseconds. */
  readonly maxStalenessMs: number;
  readonly clock: Clock;
  readonly coarse: CoarseClock;
}

/**
 * The entries in this process.
 *
 * Invariants:
 * - what is readable is fresh, bears no invalidated tag, and was known to be current within the staleness allowed;
 * - an entry lives no longer here than where it came from.
 */
export class FirstTier {
  readonly #options: FirstTierOptions;
  readonly #table: MemoryTable<Entry>;
  readonly #invalidations: Invalidations;
  readonly #trust: Trust;
  readonly #coarse: CoarseClock;

  constructor(options: FirstTierOptions) {
    this.#options = options;
    this.#table = options.table;
    this.#invalidations = options.authority.invalidations;
    this.#trust = this.#invalidations.trust;
    this.#coarse = options.coarse;
  }

  get table(): MemoryTable<Entry> {
    return this.#table;
  }

  /** The entry that answers at once, if there is one. Every hit passes here: no clock is read and nothing is made. */
  readable(key: string): Entry | undefined {
    const entry = this.#table.get(key);
    if (entry === undefined) return undefined;
    const now = this.#coarse.now();
    if (entry.readableUntil <= now) return undefined;
    if (now >= this.#trust.until && now >= entry.knownUntil) return undefined;
    if (entry.tags === undefined || entry.tagsGoodAt === this.#trust.tagChanges) return entry;
    return this.#tagsAreGood(key, entry) ? entry : undefined;
  }

  /** What is fresh here, be it due for a refresh, or to be lengthened, or not. */
  fresh(key: string): Entry | undefined {
    const entry = this.#table.peek(key) && this.held(key);
    return entry !== undefined && entry.heldUntil > this.#options.clock.now() ? entry : undefined;
  }

  /** What can be believed of `key`, fresh or stale, unless it is gone. */
  held(key: string): Entry | undefined {
    const now = this.#options.clock.now();
    const entry = this.unverified(key);
    if (entry === undefined || now >= Math.max(this.#trust.until, entry.knownUntil)) return undefined;
    return entry;
  }

  /** As {@link held}, even if nothing has been heard of the log for too long to believe it. */
  unverified(key: string): Entry | undefined {
    const entry = this.#table.get(key);
    if (entry === undefined) return undefined;
    if (entry.tags !== undefined) this.#tagsAreGood(key, entry);
    if (entry.goneAt > this.#options.clock.now()) return this.#table.peek(key);
    this.#table.delete(key);
    return undefined;
  }

  /**
   * Keeps an entry. Tells whether it has any life at all, and so is worth keeping.
   *
   * @param asOf - Reading of the monotonic clock as of which it is known to be current, whatever becomes of the log;
   * `undefined` where only the log vouches for it.
   */
  hold(key: string, entry: Entry, asOf: number | undefined): boolean {
    const { clock, maxStalenessMs } = this.#options;
    const now = clock.now();
    if (entry.goneAt <= now) return false;
    const there = this.#table.peek(key);
    if (there?.origin.stamp === entry.origin.stamp) entry.retryAt = Math.max(entry.retryAt, there.retryAt);
    else if (there !== undefined && !isFresher(entry, there, now)) return true;
    this.limit(entry, now);
    entry.knownUntil = asOf === undefined ? -Infinity : asOf + maxStalenessMs;
    this.#table.set(key, entry);
    return true;
  }

  /**
   * Says until when this tier answers with an entry by itself.
   *
   * @param since - When it came here, or was found in the tiers below once more, on the monotonic clock.
   */
  limit(entry: Entry, since: number): void {
    entry.heldUntil = Math.min(entry.freshUntil, since + this.#options.ttlMs);
    this.release(entry);
  }

  /** Lets an entry be read without a further look until the next one is due. */
  release(entry: Entry): void {
    const { earlyRefresh } = this.#options;
    const until = Math.min(entry.heldUntil, earlyRefresh.windowStart(entry), entry.slidesAt);
    // A whole number lies in the entry itself, a fraction elsewhere in memory. The last of its milliseconds takes a further look.
    entry.readableUntil = Math.floor(until);
  }

  drop(key: string): void {
    this.#table.delete(key);
  }

  /** Drops what is held of `key`, unless it is as new as that position; whatever it is, if there is none. */
  dropBornBefore(key: string, position: Position | undefined): void {
    const born = this.#table.peek(key)?.origin.born;
    if (born === undefined || position === undefined || born < position) this.drop(key);
  }

  /** Makes what is held of `key` stale. */
  expire(key: string): void {
    this.#table.peek(key)?.expire(this.#options.clock.now());
  }

  /** What is held and readable, the hottest first as far as the table knows. */
  *entries(): Generator<readonly [string, Entry]> {
    const { clock } = this.#options;
    for (const [key, entry] of this.#table.entries())
      if (entry.freshUntil > clock.now() && this.#invalidations.judge(entry) === 'good') yield [key, entry];
  }

  clear(): void {
    this.#table.clear();
  }

  /** Looks at an entry's tags if any tag has been invalidated since the last look. */
  #tagsAreGood(key: string, entry: Entry): boolean {
    const { tagChanges } = this.#trust;
    if (entry.tagsGoodAt === tagChanges) return true;
    const verdict = this.#invalidations.judge(entry);
    if (verdict === 'good') {
      entry.tagsGoodAt = tagChanges;
      return true;
    }
    if (verdict === 'gone') this.#table.delete(key);
    else entry.expire(this.#invalidations.expiredAt(entry, this.#options.clock));
    return false;
  }
}

/** Whether an entry replaces another one: what is fresh replaces what is stale, whoever's clocks they were stored by. */
function isFresher(entry: Entry, there: Entry, now: number): boolean {
  if (entry.freshUntil > now && there.freshUntil <= now) return true;
  return newer(entry, there) === entry;
}
