import type { Clock } from '@holdfast/core';

import type { Counts } from '../counts.ts';
import type { Entry } from '../entry/entry.ts';
import type { EntryStore } from './entry-store.ts';

/**
 * Lengthens the lives of entries that slide, when they are hit.
 *
 * Where there are lower tiers they decide: a life is lengthened in memory only after a tier has lengthened that of the same
 * entry, which it refuses once the entry was replaced, expired or removed there. Of many processes that hit an entry the first
 * one writes, and the others learn what it wrote.
 *
 * Invariants:
 * - a hit asks the tiers at most once in a share of `slidingMs`, and never waits for them;
 * - no life goes beyond `ttlMs` after its value was stored, and what was invalidated stays so.
 */
export class Sliding {
  readonly #store: EntryStore;
  readonly #counts: Counts;
  readonly #clock: Clock;

  constructor(store: EntryStore, counts: Counts, clock: Clock) {
    this.#store = store;
    this.#counts = counts;
    this.#clock = clock;
  }

  /** The entry has been given out as fresh. */
  touch(key: string, entry: Entry): void {
    if (entry.slidesAt === Infinity) return;
    const now = this.#clock.now();
    if (now < entry.slidesAt || now >= entry.freshUntil) return;
    const freshUntil = Math.min(entry.lastsUntil, now + entry.terms.slidingMs);
    if (this.#store.lower.absent) return this.#lengthen(entry, freshUntil, entry.storedAt);
    entry.slideLater(now);
    this.#store.first?.release(entry);
    void this.#extend(key, entry, freshUntil, now);
  }

  async #extend(key: string, entry: Entry, freshUntil: number, now: number): Promise<void> {
    const extended = await this.#store.lower.extend(key, entry, freshUntil);
    if (extended === undefined) this.#counts.slidesRefused += 1;
    else this.#lengthen(entry, extended, now);
  }

  /** @param since - When the entry was found below, or stored where there is nothing below. */
  #lengthen(entry: Entry, freshUntil: number, since: number): void {
    this.#counts.slidesExtended += 1;
    entry.slideTo(freshUntil);
    this.#store.first?.limit(entry, since);
  }
}
