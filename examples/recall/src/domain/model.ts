/** One thing that a user wants to find again. */
export interface Item {
  /** A UUID of version 7, so that ids sort by the time of creation. */
  readonly id: string;
  /** What sort of thing it is, chosen by the user; `note` unless said. */
  readonly kind: string;
  readonly title: string;
  readonly body: string;
  readonly tags: readonly string[];
  /**
   * Where it was taken from, if that is a place which others know too. At most one item of a user has it.
   * Statistics across users are kept by source and never see title or body.
   */
  readonly source?: string | undefined;
  /** Sources that the body links to, in the order of the text. */
  readonly links: readonly string[];
  /** 1 when created, one more with each change. */
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
}

/** An item as a list shows it. */
export type ItemSummary = Omit<Item, 'body' | 'links'>;

/** What a user gives for a new item. */
export interface ItemDraft {
  readonly kind?: string | undefined;
  readonly title: string;
  readonly body?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly source?: string | undefined;
  readonly links?: readonly string[] | undefined;
}

/** What a user changes; a field left out stays. */
export type ItemPatch = {
  readonly [Field in Exclude<keyof ItemDraft, 'source'>]?: ItemDraft[Field] | undefined;
};

/** How the user came to an item. */
export const accessOrigins = ['open', 'search', 'predict', 'suggest'] as const;
export type AccessOrigin = (typeof accessOrigins)[number];

/** The user opened an item. */
export interface AccessEvent {
  /** Chosen by the client; recording the same id again changes nothing. */
  readonly eventId: string;
  readonly itemId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly origin: AccessOrigin;
  /** Accesses follow one another within a session. */
  readonly session: string;
}

/** An event as a client sends it: `at` defaults to now, `origin` to `open`, `session` to the unnamed one. */
export type AccessEventDraft = Pick<AccessEvent, 'eventId' | 'itemId'> & Partial<AccessEvent>;

/** What became of the events of one call; the three add up to their number. */
export interface RecordedEvents {
  readonly accepted: number;
  readonly duplicates: number;
  /** Events about items that the user does not have (any more). */
  readonly unknown: number;
}

/** A part of an answer that was left out or made by simpler means. */
export type Degradation = 'embedding' | 'vectors-incomplete';

/** A list, and where to go on; no cursor on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string | undefined;
}
