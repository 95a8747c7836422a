import type { EventHub } from '@holdfast/core';

import type { Entry } from '../entry/entry.ts';
import { type Moment, type Sealing, unseal } from '../entry/envelope.ts';
import type { LowerTierLevel, TieredCacheEvent } from '../events.ts';
import type { TierCounts } from './tier-counts.ts';

/** An entry as a tier gave it: read, and as it was written. */
export interface Found {
  readonly level: LowerTierLevel;
  readonly entry: Entry;
  readonly envelope: Uint8Array;
  /** Reading of the monotonic clock as of which it was confirmed to be current; absent where only the log vouches for it. */
  readonly asOf?: number;
}

interface Surroundings extends Sealing {
  /** Name of the cache. */
  readonly name: string;
  readonly hub: EventHub<TieredCacheEvent>;
}

/** Opens the envelopes of one tier. What cannot be opened is a miss that is told and counted as an error. */
export class Openings {
  readonly #level: LowerTierLevel;
  readonly #around: Surroundings;
  readonly #counts: TierCounts;

  constructor(level: LowerTierLevel, around: Surroundings, counts: TierCounts) {
    this.#level = level;
    this.#around = around;
    this.#counts = counts;
  }

  /** What is in an envelope, unless it was gone at `moment`. A promise only if the value format makes one. */
  open(
    key: string,
    envelope: Uint8Array | undefined,
    moment: Moment,
  ): Found | undefined | Promise<Found | undefined> {
    if (envelope === undefined) {
      this.#counts.misses += 1;
      return undefined;
    }
    try {
      const opened = unseal(key, envelope, moment, this.#around);
      if (!(opened instanceof Promise)) return this.#count(opened, envelope);
      return opened.then(
        (entry) => this.#count(entry, envelope),
        (error: unknown) => this.#refuse(key, error),
      );
    } catch (error) {
      return this.#refuse(key, error);
    }
  }

  #count(entry: Entry | undefined, envelope: Uint8Array): Found | undefined {
    if (entry === undefined) {
      this.#counts.misses += 1;
      return undefined;
    }
    this.#counts.hits += 1;
    return { level: this.#level, entry, envelope };
  }

  #refuse(key: string, error: unknown): undefined {
    this.#counts.errors += 1;
    const { name, hub } = this.#around;
    if (hub.observed) hub.emit({ type: 'entry-corrupted', cache: name, tier: this.#level, key, error });
  }
}
