import type { Clock } from '@holdfast/core';

import type { Authority } from '../coherence/authority.ts';
import type { LocalAuthority } from '../coherence/local-authority.ts';
import type { Position } from '../coherence/position.ts';
import { Entry, type Origin, type Terms } from '../entry/entry.ts';
import { sealTombstone } from '../entry/envelope.ts';
import type { Stamps } from '../entry/stamps.ts';
import { WriteQueuedError } from '../errors.ts';
import type { EntryStore } from '../reading/entry-store.ts';
import type { WriteResult } from '../results.ts';
import type { LowerTiers } from '../tiers/lower-tiers.ts';
import type { Tier } from '../tiers/tier.ts';
import type { Sealed, TierWrite, Tombstone } from '../tiers/tier-write.ts';

export interface WritesOptions {
  readonly name: string;
  readonly store: EntryStore;
  readonly authority: Authority;
  /** The same, where the tiers have no log. */
  readonly local: LocalAuthority | undefined;
  readonly stamps: Stamps;
  readonly clock: Clock;
  readonly strict: boolean;
}

/** How a value is stored. */
export interface Stored {
  readonly terms: Terms;
  readonly tags: readonly string[] | undefined;
}

/** What a write asks for. */
export interface WriteTerms {
  readonly strict: boolean | undefined;
  readonly version: number | undefined;
}

/** How long a deletion with a version refuses older ones, in milliseconds. */
const tombstoneMs = 60_000;

/**
 * Writes to every tier, and the order between them: what this process holds goes first, then the tiers, then once more
 * what this process holds, for somebody may have loaded without the shared tier in between.
 *
 * Invariants:
 * - once a method has been called no later read in this process gives what was held before;
 * - once it has resolved, what was under way before it cannot store anything in a tier that has applied it.
 */
export class Writes {
  readonly #options: WritesOptions;
  readonly #store: EntryStore;
  readonly #lower: LowerTiers;

  constructor(options: WritesOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#lower = options.store.lower;
  }

  /**
   * Takes its place among the writes of its key before it returns, so that no later read overtakes it.
   *
   * @throws {EncodeError} before any tier has changed.
   */
  async set(key: string, value: unknown, stored: Stored, write: WriteTerms): Promise<WriteResult> {
    const { authority, clock } = this.#options;
    const entry = this.#newEntry(value, stored, write.version);
    const early = this.#lower.absent ? undefined : this.#store.seal(key, entry);
    if (entry.goneAt <= clock.now()) return this.delete(key, write);
    this.#store.invalidate(key);
    if (early === undefined || !this.#lower.coherent) {
      this.#store.first?.hold(key, entry, clock.now());
      return this.#toldOrDropped(
        key,
        early ? await this.#lower.each((tier) => tier.set(key, early)) : [],
        write,
      );
    }
    const sealing = authority.isReady ? early : this.#sealWhenReady(key, value, stored, write);
    authority.invalidations.suspendKey(key);
    try {
      return this.#toldOrDropped(key, await this.#setShared(key, sealing, write), write);
    } finally {
      authority.invalidations.settleKey(key);
    }
  }

  async delete(key: string, write: WriteTerms): Promise<WriteResult> {
    this.#store.invalidate(key);
    const tombstone = this.#tombstone(write.version);
    const writes = await this.#tellOf(key, async (tier) => {
      const written = await tier.delete(key, tombstone);
      if (tier === this.#lower.shared) this.#acknowledge(key, written);
      return written;
    });
    return this.#told(writes, write);
  }

  async expire(key: string, write: WriteTerms): Promise<WriteResult> {
    this.#store.outdate(key);
    const at = this.#options.clock.epoch();
    const writes = await this.#tellOf(key, (tier) => tier.expire(key, at));
    return this.#told(writes, write);
  }

  async invalidateTags(
    tags: readonly string[],
    change: 'delete-tags' | 'expire-tags',
    write: WriteTerms,
  ): Promise<WriteResult> {
    const { local, authority } = this.#options;
    if (local === undefined) authority.invalidations.suspendTags(tags, change);
    else authority.invalidations.apply({ position: local.next(), change, names: tags });
    const tiers = this.#lower.shared === undefined ? this.#lower.each.bind(this.#lower) : this.#sharedAlone;
    const writes = await tiers((tier) => tier.invalidateTags(tags, change));
    return this.#told(writes, write);
  }

  async clear(write: WriteTerms): Promise<WriteResult> {
    const { invalidations } = this.#options.authority;
    this.#store.invalidateAll();
    invalidations.suspendAll();
    const writes = await this.#lower.each((tier) => tier.clear());
    invalidations.settleAll();
    return this.#told(writes, write);
  }

  /** Tells every tier, of which those that no lease guards are not believed meanwhile: they may be filled late by others. */
  async #tellOf(key: string, write: (tier: Tier) => Promise<TierWrite>): Promise<readonly TierWrite[]> {
    const { invalidations } = this.#options.authority;
    invalidations.suspendKey(key);
    const writes = await this.#lower.each(write);
    invalidations.settleKey(key);
    return writes;
  }

  readonly #sharedAlone: LowerTiers['each'] = async (write) =>
    this.#lower.shared === undefined ? [] : [await write(this.#lower.shared)];

  /** Positions have to be known before anything that bears one is written. */
  async #sealWhenReady(key: string, value: unknown, stored: Stored, write: WriteTerms): Promise<Sealed> {
    await this.#options.authority.ready();
    return this.#store.seal(key, this.#newEntry(value, stored, write.version));
  }

  async #setShared(
    key: string,
    sealing: Sealed | Promise<Sealed>,
    { version }: WriteTerms,
  ): Promise<readonly TierWrite[]> {
    const { clock } = this.#options;
    const { shared } = this.#lower;
    if (shared === undefined) return [];
    const fence = this.#store.enter(key);
    const startedAt = clock.now();
    const write = await shared.set(key, sealing, this.#tombstone(version));
    const sealed = await sealing;
    this.#acknowledge(key, write);
    this.#store.loads.forget(key);
    // Whoever has changed the key since comes after this write or not: the log will tell, and until then nothing is held.
    const overtaken = fence.raised;
    this.#store.leave(key, fence);
    if (write.outcome !== 'refused' && !overtaken) this.#store.first?.hold(key, sealed.entry, startedAt);
    const others = await this.#setOthers(key, sealed, write);
    return [write, ...others];
  }

  /**
   * A tier without leases holds what bears a position no older than the write: it is judged by that. Something may have
   * come before that position that the value does not know of, so the shared tier has to confirm it once more.
   */
  async #setOthers(
    key: string,
    { entry }: Sealed,
    { outcome, position }: TierWrite,
  ): Promise<readonly TierWrite[]> {
    if (this.#lower.alone) return [];
    if (
      outcome !== 'applied' ||
      position === undefined ||
      !(await this.#lower.confirms(key, entry, position))
    )
      return this.#lower.others((tier) => tier.delete(key));
    const { value, storedAt, terms, origin } = entry;
    const placed = new Entry(value, storedAt, terms, { ...origin, born: position });
    const sealed = await this.#store.seal(key, placed);
    return this.#lower.others((tier) => tier.set(key, sealed));
  }

  #newEntry(value: unknown, { terms, tags }: Stored, version: number | undefined): Entry {
    const { authority, stamps, clock } = this.#options;
    const born = authority.born();
    const { epoch } = authority.invalidations;
    const origin: Origin = { stamp: stamps.next(), epoch, born, tags, etag: undefined, version, loadMs: 0 };
    return new Entry(value, clock.now(), terms, origin);
  }

  #tombstone(version: number | undefined): Tombstone | undefined {
    if (version === undefined) return undefined;
    const { stamps, authority, clock } = this.#options;
    const envelope = sealTombstone(stamps.next(), version, authority.invalidations.epoch, clock);
    return { version, envelope, ttlMs: tombstoneMs };
  }

  /** Where the change stands in the log that all processes share. */
  #position(writes: readonly TierWrite[]): Position | undefined {
    return writes.find(({ level }) => level === this.#lower.shared?.level)?.position;
  }

  /** The shared tier has taken the change, or is owed it: what was loaded without it meanwhile goes as well. */
  #acknowledge(key: string, { outcome, position }: TierWrite): void {
    if (outcome !== 'refused') this.#store.first?.dropBornBefore(key, position);
  }

  /** What is not to be queued is not held either. @throws {WriteQueuedError} */
  #toldOrDropped(key: string, writes: readonly TierWrite[], write: WriteTerms): WriteResult {
    try {
      return this.#told(writes, write);
    } catch (error) {
      this.#store.invalidate(key);
      throw error;
    }
  }

  /** @throws {WriteQueuedError} */
  #told(writes: readonly TierWrite[], { strict = this.#options.strict }: WriteTerms): WriteResult {
    const queued = strict ? writes.find(({ outcome }) => outcome === 'queued') : undefined;
    if (queued !== undefined) throw new WriteQueuedError(this.#options.name, queued.level, queued.error);
    const outcomes = Object.fromEntries(writes.map(({ level, outcome }) => [level, outcome]));
    const position = this.#position(writes);
    return {
      ...(this.#store.first && { l1: 'applied' as const }),
      ...outcomes,
      ...(position !== undefined && { position }),
    };
  }
}
