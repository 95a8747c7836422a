import type { Position } from './position.ts';

/** What an entry of the log says happened. */
export type Change = 'set' | 'delete' | 'expire' | 'delete-tags' | 'expire-tags' | 'clear';

/** One entry of the log. */
export interface Invalidation {
  readonly position: Position;
  /** Whoever caused it, as it named itself. */
  readonly origin: string;
  readonly change: Change;
  /** Keys, or tags where the change is about tags; empty for `'clear'`. */
  readonly names: readonly string[];
}

/** Where a reader of the log stands. Opaque but for its position: a store may keep more in it. */
export interface LogMark {
  /** Everything up to here has been read. */
  readonly position: Position;
}

/** What a store remembers for everybody. */
export interface StoreState {
  /** Changes when the store has lost what it knew. What was written under another epoch counts as absent. */
  readonly epoch: bigint;
  /** Position of the last `clear`: what was born before it counts as absent. */
  readonly cleared: Position;
  /** The store has forgotten the tags invalidated before this: what was born before it and bears a tag counts as absent. */
  readonly tagFloor: Position;
}

/** Where a reader begins. Every change after `mark` is still in the log. */
export interface LogStart extends StoreState {
  readonly mark: LogMark;
}

/** What has happened since a mark. */
export interface LogPage extends StoreState {
  readonly mark: LogMark;
  /** In the order of their positions. */
  readonly changes: readonly Invalidation[];
  /** There was more than fits into a page; read on at once. */
  readonly more: boolean;
  /** Changes are missing from the log, or the store is not the one it was. `mark` is then the end of what is there. */
  readonly gap: boolean;
  /**
   * Another server answers than the one that gave the mark, or an older state of it: what that one has acknowledged last may
   * be lost. Never without a gap.
   */
  readonly replaced?: boolean;
}

/** What came of asking to load a key. */
export type Acquisition =
  /** The caller holds the lease, from now on or already under this token: it loads, and may `fill` with it. */
  | { readonly outcome: 'granted' }
  /** Something else than what the caller knows is stored by now. */
  | { readonly outcome: 'stored'; readonly envelope: Uint8Array }
  /** Somebody else holds the lease. */
  | { readonly outcome: 'busy' }
  /** The key was deleted a moment ago with `settleMs`: load, but store nothing. */
  | { readonly outcome: 'settling' };

export interface LeaseTerms {
  /** Names the holder; never used twice. */
  readonly token: string;
  readonly leaseMs: number;
  /** Stamp of the entry that the caller has seen and does not want, see the envelope; absent if it saw none. */
  readonly known?: Uint8Array | undefined;
}

export interface StoreTerms {
  /** How long the store keeps it, in milliseconds, more than 0; `Infinity` for no end. */
  readonly ttlMs: number;
}

/** How far the life of what is stored is to be lengthened. */
export interface Extension {
  /** Of the entry that is meant, see the envelope. */
  readonly stamp: Uint8Array;
  /** Until when it is to be fresh, in milliseconds since 1970. */
  readonly freshUntil: number;
  /** How long the store then keeps it at least, as in {@link StoreTerms}. */
  readonly ttlMs: number;
}

/**
 * Until when the entry is fresh now, in milliseconds since 1970. `'refused'` if something else is stored by now or it slides
 * no more; `undefined` if nothing is.
 */
export type Extended = number | 'refused' | undefined;

/** How a change is told to the others. */
export interface ChangeTerms {
  /** Who makes it; never used twice by two instances. */
  readonly origin: string;
}

export interface DeleteTerms extends ChangeTerms {
  /** For so long loads of the keys are not stored, because what they read from may lag behind. 0 for none. Nothing shortens it. */
  readonly settleMs: number;
  /** Leaves a tombstone envelope that refuses older versions, for `tombstoneMs`. */
  readonly tombstone?: { readonly envelope: Uint8Array; readonly ttlMs: number } | undefined;
}

/**
 * A store that a fleet of caches can agree through: values under leases and compare-and-set, and an ordered log of what
 * was invalidated. Values are envelopes as `entry/envelope.ts` lays them out; a store looks at nothing in them but stamp,
 * version, expiry and `slidingMs`, at their fixed offsets.
 *
 * What an implementation owes:
 * - `fill` stores only while the token's lease is held, and ends it. `set`, `delete` and `expire` end any lease;
 * - a change is in the log before its method resolves, and never before the change itself was made;
 * - losing any of its data, be it values, leases, the log or the state, shows as absence, a gap or a new epoch;
 * - an envelope without a version is older than none: it replaces whatever is there;
 * - what was expired is fresh no more, whatever somebody who has not heard of that makes of `extend`.
 *
 * Methods reject when the store fails; they then may or may not have happened.
 */
export interface CoherentStore {
  get(key: string): Promise<Uint8Array | undefined>;
  /** Holds the keys that were found. */
  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;

  acquire(key: string, terms: LeaseTerms): Promise<Acquisition>;
  /** Tells whether the lease was still held. */
  renew(key: string, terms: LeaseTerms): Promise<boolean>;
  /** Tells whether it was stored: the lease was still held and nothing of a newer version is there. */
  fill(key: string, token: string, envelope: Uint8Array, terms: StoreTerms): Promise<boolean>;
  /** Gives a lease back unused. */
  release(key: string, token: string): Promise<void>;

  /**
   * Lengthens the life of what is stored, if it still is that entry and slides. Shortens nothing, touches no lease and is not
   * logged: nobody knows anything that it could outdate.
   */
  extend(key: string, extension: Extension): Promise<Extended>;

  /** Stores unless a newer version is there; `undefined` if one is. Gives the position of the change. */
  set(key: string, envelope: Uint8Array, terms: StoreTerms & ChangeTerms): Promise<Position | undefined>;
  /** Also of keys that are not held. Like the next two, gives the position of the last change; 0 if there was nothing to do. */
  delete(keys: readonly string[], terms: DeleteTerms): Promise<Position>;
  /** Lowers the expiry of what is stored to `at`, in milliseconds since 1970, and ends its sliding; it may then still serve as stale. */
  expire(keys: readonly string[], at: number, terms: ChangeTerms): Promise<Position>;
  /** Remembers that entries with one of `tags` born before now are deleted or expired. Touches no entry. */
  invalidateTags(
    tags: readonly string[],
    change: 'delete-tags' | 'expire-tags',
    terms: ChangeTerms,
  ): Promise<Position>;
  /** Remembers that every entry born before now is gone. Touches no entry. */
  clear(terms: ChangeTerms): Promise<Position>;

  /** When each of `tags` was last invalidated; holds those that ever were. One that may be forgotten counts as deleted at the tag floor. */
  tags(tags: readonly string[]): Promise<ReadonlyMap<string, TagState>>;

  /** What the store remembers now. */
  state(): Promise<StoreState>;

  /** Where to begin reading the log: at its end, or at the oldest change that is still there. */
  start(from: 'end' | 'oldest'): Promise<LogStart>;
  /** Waits up to `waitMs` for changes after `mark`; a page without changes proves that there were none. */
  read(mark: LogMark, waitMs: number): Promise<LogPage>;

  [Symbol.asyncDispose](): Promise<void>;
}

/** When a tag was last invalidated; `0n` for never. */
export interface TagState {
  readonly deleted: Position;
  readonly expired: Position;
}
