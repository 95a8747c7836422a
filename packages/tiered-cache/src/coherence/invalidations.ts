import type { Clock } from '@holdfast/core';

import type { Entry } from '../entry/entry.ts';
import type { Invalidation, StoreState, TagState } from './coherent-store.ts';
import { beginning, type Position, writtenAt } from './position.ts';
import type { Trust } from './trust.ts';

/** Most keys and most tags remembered. */
const maxKeys = 100_000;
const maxTags = 100_000;

/** What is to be thought of an entry: `'expired'` may still stand in as a stale value, `'gone'` must not be given out. */
export type Verdict = 'good' | 'expired' | 'gone';

/** How tags are invalidated. */
export type TagChange = 'delete-tags' | 'expire-tags';

const never: TagState = { deleted: beginning, expired: beginning };

/**
 * What this process knows to have been invalidated, by position. Entries are judged by the position that they were born
 * at, so nobody has to find them: invalidating a tag or everything is one write, however many entries bear it.
 *
 * Invariants:
 * - forgetting never makes an invalid entry valid: what was born before the oldest thing forgotten counts as gone;
 * - positions only grow.
 */
export class Invalidations {
  readonly trust: Trust;
  readonly #keys = new Map<string, Position>();
  readonly #tags = new Map<string, TagState>();
  /** When keys were expired, as far back as there is room; the expiry written into the entries is by the clock of whoever expired them. */
  readonly #expiries = new Map<string, Position>();
  // Kept, and moved on with each name that is forgotten: one from the start would pass all the gaps before it again.
  readonly #oldestKeys = this.#keys.keys();
  readonly #oldestTags = this.#tags.keys();
  readonly #oldestExpiries = this.#expiries.keys();
  #epoch = 0n;
  #position = beginning;
  #heard = beginning;
  #cleared = beginning;
  /** Of the store: it has forgotten tags invalidated before. */
  #tagFloor = beginning;
  /** Of this process: tags and keys invalidated before have to be asked for, or are not known. */
  #tagsKnownFrom = beginning;
  #keysKnownFrom = beginning;
  /** Tags invalidated here whose position the store has not given yet, and since which count. */
  readonly #pending = new Map<string, { readonly since: number; readonly verdict: 'expired' | 'gone' }>();
  /** Keys that are being changed here, and how often; and how often everything is. */
  readonly #changing = new Map<string, number>();
  #clearing = 0;

  constructor(trust: Trust) {
    this.trust = trust;
  }

  get epoch(): bigint {
    return this.#epoch;
  }

  /**
   * What is loaded from now on cannot be outdated by anything up to here: all of it is known, or was done by this
   * process, and then everything ordered before it was committed before as well.
   */
  get position(): Position {
    return this.#position;
  }

  /** Everything up to here has been told by the log, and not only what this process has done itself. */
  get heard(): Position {
    return this.#heard;
  }

  /** As in `trust`. */
  get tagChanges(): number {
    return this.trust.tagChanges;
  }

  /**
   * Begins anew, knowing what happens after `from`, and what this process has done itself since: it may have been told so late
   * of what was lost.
   */
  begin(state: StoreState, from: Position): void {
    this.#epoch = state.epoch;
    this.#cleared = this.#cleared > from ? this.#cleared : state.cleared;
    this.#tagFloor = state.tagFloor;
    this.#tagsKnownFrom = from;
    this.#keysKnownFrom = from;
    this.#position = from;
    this.#heard = from;
    this.#forgetUpTo(from);
    this.trust.tagChanges += 1;
  }

  /** Follows what the store says of itself beside its changes. */
  follow(state: StoreState, upTo: Position): void {
    this.#cleared = latest(this.#cleared, state.cleared);
    if (state.tagFloor > this.#tagFloor) {
      this.#tagFloor = state.tagFloor;
      this.trust.tagChanges += 1;
    }
    this.#position = latest(this.#position, upTo);
    this.#heard = latest(this.#heard, upTo);
  }

  apply({ position, change, names }: Pick<Invalidation, 'position' | 'change' | 'names'>): void {
    if (change === 'clear') this.#cleared = latest(this.#cleared, position);
    else if (change === 'delete-tags' || change === 'expire-tags') {
      for (const tag of names) this.#invalidateTag(tag, change, position);
    } else if (change === 'expire') {
      for (const key of names) this.#expireKey(key, position);
    } else {
      for (const key of names) this.#invalidateKey(key, position);
    }
    this.#position = latest(this.#position, position);
  }

  /**
   * Tags that are being invalidated: until {@link settleTags} what bears them counts as invalidated, wherever it comes from,
   * unless its load began later in this process.
   */
  suspendTags(tags: readonly string[], change: TagChange): void {
    this.trust.tagChanges += 1;
    const verdict = change === 'delete-tags' ? 'gone' : 'expired';
    for (const tag of tags) {
      const pending = this.#pending.get(tag);
      this.#pending.set(tag, {
        since: this.trust.tagChanges,
        verdict: pending?.verdict === 'gone' ? 'gone' : verdict,
      });
    }
  }

  /** @param upTo - Count of tag invalidations when it was asked for. */
  settleTags(tags: readonly string[], change: TagChange, position: Position, upTo: number): void {
    this.#resume(tags, upTo);
    this.apply({ position, change, names: tags });
  }

  /** As {@link settleTags} for every tag, since everything was cleared; not by a tier that gives no positions. */
  settleAllTags(position: Position, upTo: number): void {
    if (this.#pending.size === 0 || position === beginning) return;
    this.#resume(this.#pending.keys(), upTo);
    this.apply({ position, change: 'clear', names: [] });
  }

  /** A key that is being changed: until {@link settleKey} what no lease has guarded is not believed about it. */
  suspendKey(key: string): void {
    this.#changing.set(key, (this.#changing.get(key) ?? 0) + 1);
  }

  settleKey(key: string): void {
    const others = (this.#changing.get(key) ?? 1) - 1;
    if (others === 0) this.#changing.delete(key);
    else this.#changing.set(key, others);
  }

  /** As {@link suspendKey}, for every key. */
  suspendAll(): void {
    this.#clearing += 1;
  }

  settleAll(): void {
    this.#clearing -= 1;
  }

  /** Those of an entry's tags that have to be asked for before it can be judged. */
  unknownTags({ tags, origin }: Entry): readonly string[] {
    if (tags === undefined || origin.born >= this.#tagsKnownFrom) return [];
    return tags.filter((tag) => !this.#tags.has(tag));
  }

  learn(tag: string, state: TagState): void {
    const known = this.#tags.get(tag) ?? never;
    const merged = {
      deleted: latest(known.deleted, state.deleted),
      expired: latest(known.expired, state.expired),
    };
    this.#tags.delete(tag);
    this.#tags.set(tag, merged);
    if (merged.deleted !== known.deleted || merged.expired !== known.expired) this.trust.tagChanges += 1;
    if (this.#tags.size > maxTags) this.#forgetOldestTag();
  }

  judge(entry: Entry): Verdict {
    const { born, epoch } = entry.origin;
    if (epoch !== this.#epoch || born < this.#cleared) return 'gone';
    return entry.tags === undefined ? 'good' : this.#judgeTags(entry.tags, born, entry.tagsGoodAt);
  }

  /** Whether `key` is known to have been expired after the entry was born. */
  isExpired(key: string, { origin }: Entry): boolean {
    return (this.#expiries.get(key) ?? beginning) > origin.born;
  }

  /** As {@link judge}, for an entry that no lease has guarded: its key counts too, as far back as this process knows. */
  judgeUnguarded(key: string, entry: Entry): Verdict {
    const { born } = entry.origin;
    if (this.#clearing > 0 || this.#changing.has(key)) return 'gone';
    if (born < this.#keysKnownFrom || this.hasChanged(key, entry)) return 'gone';
    return this.judge(entry);
  }

  /** Whether `key` is known to have been set or deleted after the entry was born. */
  hasChanged(key: string, { origin }: Entry): boolean {
    return (this.#keys.get(key) ?? beginning) > origin.born;
  }

  /**
   * When the first of an entry's tags was expired after its birth, on the monotonic clock of `clock`: at the latest now, for
   * the store's clock may be ahead.
   */
  expiredAt({ tags, origin }: Entry, clock: Clock): number {
    const now = clock.now();
    const expiries = (tags ?? []).map((tag) => this.#tags.get(tag)?.expired ?? beginning);
    const first = expiries.filter((position) => position > origin.born).toSorted(ascending)[0];
    return first === undefined ? now : Math.min(now, now + writtenAt(first) - clock.epoch());
  }

  #judgeTags(tags: readonly string[], born: Position, goodAt: number): Verdict {
    if (born < this.#tagFloor) return 'gone';
    let verdict: Verdict = 'good';
    for (const tag of tags) {
      const pending = this.#pending.size === 0 ? undefined : this.#pending.get(tag);
      if (pending !== undefined && pending.since > goodAt) {
        if (pending.verdict === 'gone') return 'gone';
        verdict = 'expired';
      }
      const state = this.#tags.get(tag);
      if (state === undefined && born < this.#tagsKnownFrom) return 'gone';
      if (state === undefined) continue;
      if (state.deleted > born) return 'gone';
      if (state.expired > born) verdict = 'expired';
    }
    return verdict;
  }

  #resume(tags: Iterable<string>, upTo: number): void {
    for (const tag of tags)
      if ((this.#pending.get(tag)?.since ?? Infinity) <= upTo) this.#pending.delete(tag);
  }

  /** Of a tag that is not known it cannot be said that it was not deleted before it was expired. */
  #invalidateTag(tag: string, change: TagChange, position: Position): void {
    const isForgotten = !this.#tags.has(tag) && this.#tagsKnownFrom > beginning;
    const deleted = isForgotten ? this.#tagsKnownFrom - 1n : beginning;
    this.learn(tag, { ...never, deleted, [sideOf(change)]: position });
  }

  #expireKey(key: string, position: Position): void {
    const known = this.#expiries.get(key) ?? beginning;
    this.#expiries.delete(key);
    this.#expiries.set(key, latest(known, position));
    const oldest = this.#expiries.size > maxKeys ? this.#oldestExpiries.next().value : undefined;
    if (oldest !== undefined) this.#expiries.delete(oldest);
  }

  #invalidateKey(key: string, position: Position): void {
    const known = this.#keys.get(key) ?? beginning;
    this.#keys.delete(key);
    this.#keys.set(key, latest(known, position));
    if (this.#keys.size <= maxKeys) return;
    const oldest = this.#oldestKeys.next().value;
    if (oldest === undefined) return;
    this.#keysKnownFrom = latest(this.#keysKnownFrom, (this.#keys.get(oldest) ?? beginning) + 1n);
    this.#keys.delete(oldest);
  }

  #forgetUpTo(from: Position): void {
    for (const positions of [this.#keys, this.#expiries])
      for (const [key, position] of positions) if (position <= from) positions.delete(key);
    for (const [tag, { deleted, expired }] of this.#tags) {
      const last = latest(deleted, expired);
      // What came before is not known any more: to have been expired last may be to have been deleted before.
      if (last > from) this.#tags.set(tag, { deleted: last, expired: last });
      else this.#tags.delete(tag);
    }
  }

  #forgetOldestTag(): void {
    const oldest = this.#oldestTags.next().value;
    if (oldest === undefined) return;
    const { deleted, expired } = this.#tags.get(oldest) ?? never;
    this.#tags.delete(oldest);
    this.#tagsKnownFrom = latest(this.#tagsKnownFrom, latest(deleted, expired) + 1n);
  }
}

function sideOf(change: TagChange): 'deleted' | 'expired' {
  return change === 'delete-tags' ? 'deleted' : 'expired';
}

function latest(one: Position, other: Position): Position {
  return one > other ? one : other;
}

function ascending(one: Position, other: Position): number {
  return one < other ? -1 : 1;
}
