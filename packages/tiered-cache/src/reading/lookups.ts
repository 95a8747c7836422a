import type { Invalidations } from '../coherence/invalidations.ts';
import { beginning, type Position } from '../coherence/position.ts';
import type { FirstTier } from '../memory/first-tier.ts';
import type { LowerTiers } from '../tiers/lower-tiers.ts';
import type { Found } from '../tiers/openings.ts';
import { TransientMap } from '../transient-map.ts';

/** Most keys that are looked up in one operation, so that none keeps a tier from others for long. */
const maxTogether = 500;

/** One key that is looked up, for everybody who asks for it meanwhile. */
interface Lookup {
  readonly key: string;
  readonly batch: Batch;
  /** Whether what it brings may be kept. */
  current: boolean;
}

/** What is looked up together. */
interface Batch {
  readonly lookups: Lookup[];
  /** What is found, until it has been: who joined has the promise, and nobody joins any more. */
  found: Promise<ReadonlyMap<string, Found>>;
  /** Count of tag invalidations when it began: which of them concern it is not known before it ends. `undefined` before. */
  tagChanges: number | undefined;
  /** The newest position that somebody among those who ask has heard of. */
  after: Position;
}

const nothing: Promise<ReadonlyMap<string, Found>> = Promise.resolve(new Map());

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
  readonly #current = new TransientMap<Lookup>();
  #gathering: Batch | undefined;

  constructor(lower: LowerTiers, first: FirstTier | undefined, invalidations: Invalidations) {
    this.#lower = lower;
    this.#first = first;
    this.#invalidations = invalidations;
  }

  /**
   * What is found of `key` and of all that is looked up with it: the nearest fresh entry of each, else the newest stale
   * one. One promise for all, as misses come by the hundred. Never rejects.
   *
   * @param after - Nothing older than what was changed at this position, if nothing that may be older is under way.
   */
  find(key: string, after: Position = beginning): Promise<ReadonlyMap<string, Found>> {
    const joined = this.#current.get(key);
    if (joined !== undefined && this.#isOpen(joined.batch)) return joined.batch.found;
    if (joined !== undefined) joined.current = false;
    const batch = (this.#gathering ??= this.#gather());
    if (after > batch.after) batch.after = after;
    const lookup = { key, batch, current: true };
    this.#current.set(key, lookup);
    if (batch.lookups.push(lookup) === maxTogether) this.#gathering = undefined;
    return batch.found;
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

  /** Whether no tag has been invalidated since it began. */
  #isOpen({ tagChanges }: Batch): boolean {
    return tagChanges === undefined || tagChanges === this.#invalidations.tagChanges;
  }

  #gather(): Batch {
    // What is ready to run now has its say before.
    const found = Promise.resolve().then(() => {
      if (this.#gathering === batch) this.#gathering = undefined;
      return this.#look(batch);
    });
    const batch: Batch = { lookups: [], found, tagChanges: undefined, after: beginning };
    return batch;
  }

  async #look(batch: Batch): Promise<ReadonlyMap<string, Found>> {
    const { lookups, after } = batch;
    batch.tagChanges = this.#invalidations.tagChanges;
    const isCurrent = (key: string): boolean => this.#current.get(key)?.batch === batch;
    const keys = lookups.map(({ key }) => key);
    const found = await this.#lower.findMany(keys, isCurrent, after);
    for (const lookup of lookups) {
      if (!lookup.current) continue;
      const { key } = lookup;
      const one = found.get(key);
      if (one !== undefined) this.#first?.hold(key, one.entry, one.asOf);
      this.#current.delete(key);
    }
    // The engine may keep the lookups for a while, see TransientMap: the values, which can be large, do not stay with them.
    batch.found = nothing;
    return found;
  }
}
