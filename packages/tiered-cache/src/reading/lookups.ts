import type { Invalidations } from '../coherence/invalidations.ts';
import { beginning, type Position } from '../coherence/position.ts';
import type { FirstTier } from '../memory/first-tier.ts';
import type { LowerTiers } from '../tiers/lower-tiers.ts';
import type { Found } from '../tiers/openings.ts';

/** Most keys that are looked up in one operation, so that none keeps a tier from others for long. */
const maxTogether = 500;

/** One key that is looked up, for everybody who asks for it meanwhile. */
interface Lookup {
  readonly key: string;
  /** Count of tag invalidations when it began: which of them concern it is not known before it ends. */
  readonly tagChanges: number;
  readonly found: Promise<Found | undefined>;
  /** Whether what it brings may be kept. */
  current: boolean;
}

/** What is looked up together. */
interface Batch {
  readonly lookups: Map<string, Lookup>;
  readonly found: Promise<ReadonlyMap<string, Found>>;
  /** The newest position that somebody among those who ask has heard of. */
  after: Position;
}

/**
 * Looks keys up in the lower tiers, each once for everybody who asks meanwhile, and all that are asked for in the same turn
 * together: a hundred concurrent reads cost one operation, one timer and one look at the guard.
 *
 * Invariants:
 * - a key has at most one lookup that can be joined, and nobody joins one that began before an invalidation of the key;
 * - what a lookup brings is kept in the first tier unless its key has been invalidated since it began.
 */
export class Lookups {
  readonly #lower: LowerTiers;
  readonly #first: FirstTier | undefined;
  readonly #invalidations: Invalidations;
  readonly #current = new Map<string, Lookup>();
  #gathering: Batch | undefined;

  constructor(lower: LowerTiers, first: FirstTier | undefined, invalidations: Invalidations) {
    this.#lower = lower;
    this.#first = first;
    this.#invalidations = invalidations;
  }

  /**
   * The nearest fresh entry of `key`, else the newest stale one. Never rejects.
   *
   * @param after - Nothing older than what was changed at this position, if nothing that may be older is under way.
   */
  find(key: string, after: Position = beginning): Promise<Found | undefined> {
    const { tagChanges } = this.#invalidations;
    const joined = this.#current.get(key);
    if (joined !== undefined && joined.tagChanges === tagChanges) return joined.found;
    if (joined !== undefined) joined.current = false;
    const batch = (this.#gathering ??= this.#gather());
    if (after > batch.after) batch.after = after;
    const found = batch.found.then((all) => all.get(key));
    const lookup = { key, tagChanges, found, current: true };
    this.#current.set(key, lookup);
    batch.lookups.set(key, lookup);
    if (batch.lookups.size === maxTogether) this.#gathering = undefined;
    return found;
  }

  /** What is under way for `key` goes on for those who wait for it, and is not kept. */
  forget(key: string): void {
    const lookup = this.#current.get(key);
    if (lookup === undefined) return;
    lookup.current = false;
    this.#current.delete(key);
  }

  forgetAll(): void {
    for (const key of this.#current.keys()) this.forget(key);
  }

  #gather(): Batch {
    const lookups = new Map<string, Lookup>();
    // What is ready to run now has its say before.
    const found = Promise.resolve().then(() => {
      if (this.#gathering === batch) this.#gathering = undefined;
      return this.#look(batch);
    });
    const batch: Batch = { lookups, found, after: beginning };
    return batch;
  }

  async #look({ lookups, after }: Batch): Promise<ReadonlyMap<string, Found>> {
    const isCurrent = (key: string): boolean => lookups.get(key)?.current === true;
    const found = await this.#lower.findMany([...lookups.keys()], isCurrent, after);
    for (const [key, lookup] of lookups) {
      const one = found.get(key);
      if (one !== undefined && lookup.current) this.#first?.hold(key, one.entry, one.asOf);
      if (this.#current.get(key) === lookup) this.#current.delete(key);
    }
    return found;
  }
}
