import type { Clock } from '@holdfast/core';

import type { Entry } from './entry.ts';
import type { LowerTierLevel } from './events.ts';
import type { IsCurrent } from './flights.ts';
import type { LowerTierStatistics } from './statistics.ts';
import { type Found, Tier, type TierOutcome, type TierSetup, type TierSurroundings } from './tier.ts';

/** An entry as it goes to every tier. */
export interface Sealed {
  readonly entry: Entry;
  readonly envelope: Uint8Array;
}

export type LowerOutcomes = { readonly [Level in LowerTierLevel]?: TierOutcome };

/**
 * The tiers outside this process, in their order: read from the nearest that has a fresh entry, written all at once.
 *
 * Invariant: an entry that moves up keeps the envelope it was stored in, and so never gains life.
 */
export class LowerTiers {
  readonly #tiers: readonly Tier[];
  readonly #clock: Clock;

  constructor(setups: readonly TierSetup[], around: TierSurroundings) {
    this.#tiers = setups.map((setup) => new Tier(setup, around));
    this.#clock = around.clock;
  }

  /** Whether there is no such tier. */
  get absent(): boolean {
    return this.#tiers.length === 0;
  }

  /** The nearest fresh entry, else the newest stale one. A fresh one moves up while `isCurrent`. */
  async find(key: string, isCurrent: IsCurrent): Promise<Found | undefined> {
    let best: Found | undefined;
    for (const [depth, tier] of this.#tiers.entries()) {
      const found = await tier.read(key);
      if (found === undefined) continue;
      if (this.#isFresh(found.entry)) {
        if (isCurrent()) this.#moveUp(key, found, depth);
        return found;
      }
      if (best === undefined || found.entry.storedAt > best.entry.storedAt) best = found;
    }
    return best;
  }

  /** The fresh entries among `keys`; each moves up while `isCurrent(key)`. */
  async findMany(
    keys: readonly string[],
    isCurrent: (key: string) => boolean,
  ): Promise<ReadonlyMap<string, Found>> {
    const fresh = new Map<string, Found>();
    for (const [depth, tier] of this.#tiers.entries()) {
      const missing = keys.filter((key) => !fresh.has(key));
      if (missing.length === 0) break;
      for (const [key, found] of await tier.readMany(missing)) {
        if (!this.#isFresh(found.entry)) continue;
        fresh.set(key, found);
        if (isCurrent(key)) this.#moveUp(key, found, depth);
      }
    }
    return fresh;
  }

  /** Hands a loaded entry to every tier without waiting for any. */
  fill(key: string, { entry, envelope }: Sealed): void {
    const lifeMs = this.#lifeMs(entry);
    for (const tier of this.#tiers) void tier.fill(key, envelope, lifeMs);
  }

  set(key: string, { entry, envelope }: Sealed): Promise<LowerOutcomes> {
    const lifeMs = this.#lifeMs(entry);
    return this.#each((tier) => tier.set(key, envelope, lifeMs));
  }

  delete(key: string): Promise<LowerOutcomes> {
    return this.#each((tier) => tier.delete(key));
  }

  clear(): Promise<LowerOutcomes> {
    return this.#each((tier) => tier.clear());
  }

  statistics(): { readonly [Level in LowerTierLevel]?: LowerTierStatistics } {
    return Object.fromEntries(this.#tiers.map((tier) => [tier.level, tier.statistics()]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#tiers.map((tier) => tier[Symbol.asyncDispose]()));
  }

  #moveUp(key: string, found: Found, depth: number): void {
    const lifeMs = this.#lifeMs(found.entry);
    for (const tier of this.#tiers.slice(0, depth)) void tier.fill(key, found.envelope, lifeMs);
  }

  /** At least 0: an entry may run out on its way to a tier. */
  #lifeMs(entry: Entry): number {
    return Math.max(0, entry.goneAt - this.#clock.now());
  }

  #isFresh(entry: Entry): boolean {
    return entry.freshUntil > this.#clock.now();
  }

  async #each(write: (tier: Tier) => Promise<TierOutcome>): Promise<LowerOutcomes> {
    const outcomes = this.#tiers.map(async (tier) => [tier.level, await write(tier)] as const);
    return Object.fromEntries(await Promise.all(outcomes));
  }
}
