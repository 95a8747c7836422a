/** Times of one entry, in milliseconds. The stale times begin when `ttlMs` is over. */
export interface ResponseTerms {
  readonly ttlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a loader is told, and what it may say about the value that it brings. */
export interface ResponseLoadContext {
  /** `'refresh'`: the value held is given out meanwhile. */
  readonly reason: 'miss' | 'stale' | 'refresh';
  /** The value held, if there is one. */
  readonly stale: unknown;
  /** Aborts when nobody waits for the value any longer. */
  readonly signal: AbortSignal;
  ttl(ttlMs: number): void;
  tags(...tags: readonly string[]): void;
  /** Passes the value on without keeping it; what is held stays. */
  skip(): void;
}

/** Brings a response; `undefined` is passed on, and nothing is held then. */
export type ResponseLoader = (context: ResponseLoadContext) => Promise<unknown>;

/**
 * Where responses are kept: what a response cache needs of a cache. A `TieredCache` fits, with any codec, for what is
 * stored is made of plain JSON.
 *
 * `get` with a loader has one load of a key at a time, shared by all who ask. A value whose key or tag is invalidated
 * while it is loaded is not stored.
 */
export interface ResponseStore {
  get(key: string): Promise<unknown>;
  get(key: string, loader: ResponseLoader, terms: ResponseTerms): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** Drops every entry that bears the tag. */
  deleteTag(tag: string): Promise<unknown>;
}
