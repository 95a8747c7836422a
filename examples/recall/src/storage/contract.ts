import type { AccessEvent, Item, ItemSummary, RecordedEvents } from '../domain/model.ts';
import type { VocabularyWord } from '../domain/spelling.ts';
import type { UserId } from '../domain/user-id.ts';

/**
 * Where Recall keeps its data. Every method names the user whose data it is about, and sees no other's; what users
 * share with each other are only decayed counts by source, of users who agreed, once enough of them add up.
 *
 * Each method is atomic: another caller sees all of its writes or none.
 */
export interface Storage extends AsyncDisposable {
  readonly name: string;
  readonly users: UserRepository;
  readonly items: ItemRepository;
  readonly search: SearchRepository;
  readonly access: AccessRepository;
  readonly vectors: VectorRepository;
}

export interface UserRepository {
  /**
   * Changes with every change of the user's items or vectors, and never comes back, not even after an erasure: what was
   * derived from them under another revision is stale.
   */
  revision(user: UserId): Promise<string>;
  /** Whether the user's accesses count in the statistics across users. Nobody's do until they say so. */
  sharing(user: UserId): Promise<boolean>;
  /** Adds everything the user did so far to the statistics across users, or takes all of it back. */
  setSharing(user: UserId, sharing: boolean): Promise<void>;
  /** Deletes all there is of the user, what was shared included. */
  erase(user: UserId): Promise<void>;
}

/** A vector of an item under one model. Vectors of different models have nothing in common. */
export interface ItemVector {
  readonly itemId: string;
  readonly model: string;
  readonly values: Float32Array;
}

/** A vector that was made while its item may have changed. */
export interface PendingVector extends ItemVector {
  /** The version of the item that it was made from. */
  readonly version: number;
}

/** What an insert met: nothing in its way, or the item that already has the source. */
export type Inserted = { readonly inserted: true } | { readonly inserted: false; readonly itemId: string };

/** What an update met. */
export type Updated =
  | { readonly outcome: 'updated' }
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'conflict'; readonly version: number };

/** What a delete met. */
export type Deleted = Exclude<Updated, { outcome: 'updated' }> | { readonly outcome: 'deleted' };

export interface ItemFilter {
  readonly kind?: string | undefined;
  readonly tag?: string | undefined;
}

export interface ItemRepository {
  /** Stores new items and their vectors in one transaction; the answers are in the order of the items. */
  insert(user: UserId, items: readonly Item[], vectors: readonly ItemVector[]): Promise<readonly Inserted[]>;
  get(user: UserId, itemId: string): Promise<Item | undefined>;
  /** Those of the items that there are, in no particular order. */
  getMany(user: UserId, itemIds: readonly string[]): Promise<readonly Item[]>;
  /** As {@link getMany}, without bodies. */
  summaries(user: UserId, itemIds: readonly string[]): Promise<readonly ItemSummary[]>;
  /** Newest first, after the item `after` if one is given. */
  list(
    user: UserId,
    page: ItemFilter & { readonly limit: number; readonly after?: string | undefined },
  ): Promise<readonly ItemSummary[]>;
  /** Replaces the item if it is at version `expected`. All its former vectors go. */
  update(user: UserId, item: Item, expected: number, vectors: readonly ItemVector[]): Promise<Updated>;
  /** Deletes the item, its vectors and statistics, if it is at version `expected`, or at any without one. */
  delete(user: UserId, itemId: string, expected?: number): Promise<Deleted>;
  count(user: UserId): Promise<number>;
}

/** An item that has at least one of the terms; a higher score is better and means nothing between queries. */
export interface TextHit {
  readonly itemId: string;
  readonly score: number;
}

/** A passage with its matches: pairs of start and end, in UTF-16 units. */
export interface Snippet {
  readonly text: string;
  readonly highlights: readonly (readonly [start: number, end: number])[];
}

export interface SearchRepository {
  /** The best `limit` items that have any of the terms, best first. Terms are those of `queryTerms`. */
  match(
    user: UserId,
    terms: readonly string[],
    options: ItemFilter & { readonly limit: number },
  ): Promise<readonly TextHit[]>;
  /** A passage of the body for each of the items that has one of the terms in its body. */
  snippets(
    user: UserId,
    terms: readonly string[],
    itemIds: readonly string[],
  ): Promise<ReadonlyMap<string, Snippet>>;
  /** How many of the user's items have the word, as it is spelt; terms in no item are left out. */
  frequencies(user: UserId, terms: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** The user's words with the same first letter and at most one letter more or less. */
  similarWords(user: UserId, term: string): Promise<readonly VocabularyWord[]>;
}

/** How often and when a user opened an item, under forward decay; see `weightAt`. */
export interface ItemStatistics {
  readonly itemId: string;
  readonly count: number;
  readonly frequency: number;
  readonly lastAt: number;
  /** Weight of the accesses in the asked slot, and in all slots. */
  readonly slotWeight: number;
  readonly slotTotal: number;
  /** Weight over all users who share, 0 if too few have it or the item has no source. */
  readonly popularity: number;
}

/** The item `to` followed the item `from` with that weight. */
export interface Transition {
  readonly from: string;
  readonly to: string;
  readonly weight: number;
}

/** All that a prediction needs to know. */
export interface AccessStatistics {
  /** The latest accesses up to the asked moment, latest first. */
  readonly recent: readonly Pick<AccessEvent, 'itemId' | 'at'>[];
  /** The user's opened items, latest first. */
  readonly items: readonly ItemStatistics[];
  /** The user's own transitions from the recent items, heaviest first. */
  readonly transitions: readonly Transition[];
  /** Those over all users who share, between items that this user has. */
  readonly sharedTransitions: readonly Transition[];
  /** The user's items among the most popular ones, opened by them or not. */
  readonly popular: readonly { readonly itemId: string; readonly popularity: number }[];
}

export interface StatisticsOptions {
  readonly at: number;
  /** The item being looked at, if the client says so; it counts as the latest access. */
  readonly context?: string | undefined;
  /** From how many users on a statistic across users is used. */
  readonly minUsers: number;
}

export interface AccessRepository {
  /**
   * Records each event once, however often it is sent and in whatever order.
   *
   * The statistics that result depend on the set of events alone.
   */
  record(user: UserId, events: readonly AccessEvent[]): Promise<RecordedEvents>;
  statistics(user: UserId, options: StatisticsOptions): Promise<AccessStatistics>;
  /** The items that most often came before or after one of these, heaviest first; `from` is the one of these. */
  neighbours(user: UserId, itemIds: readonly string[], limit: number): Promise<readonly Transition[]>;
  /** How often and when the items were opened, for those that were. */
  opened(user: UserId, itemIds: readonly string[]): Promise<ReadonlyMap<string, OpenedItem>>;
}

export type OpenedItem = Pick<ItemStatistics, 'count' | 'frequency' | 'lastAt'>;

export interface VectorRepository {
  /** Stores vectors over those of the same model, of items that are still at the version. Answers how many. */
  put(user: UserId, vectors: readonly PendingVector[]): Promise<number>;
  /** All of the user's vectors under a model, with the revision that they belong to. */
  all(
    user: UserId,
    model: string,
  ): Promise<{ readonly revision: string; readonly vectors: readonly ItemVector[] }>;
  /** Up to `limit` items without a vector under the model, oldest first. */
  missing(user: UserId, model: string, limit: number): Promise<readonly Item[]>;
}
