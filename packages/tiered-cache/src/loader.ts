import type { OperationContext } from '@holdfast/core';

/** What a loader is told, and what it may say. Its signal aborts when nobody waits for the value any longer. */
export interface LoadContext extends OperationContext {
  readonly key: string;
  /**
   * `'miss'`: nothing is held. `'stale'`: what is held is too old to be given out. `'refresh'`: it runs in the
   * background, and the value held is given out meanwhile.
   */
  readonly reason: 'miss' | 'stale' | 'refresh';
  /** The value held, if there is one. */
  readonly stale: unknown;
  /** What `etag` was called with when the value held was loaded. */
  readonly staleEtag: string | undefined;
  /** Sets the life of what is being loaded, in milliseconds. */
  ttl(ttlMs: number): void;
  /** Adds tags. */
  tags(...tags: readonly string[]): void;
  /** Sets the version, at least 0: it does not replace a newer one, nor a deletion with a newer one. */
  version(version: number): void;
  /** Remembers a validator for the next load, such as an HTTP ETag. */
  etag(etag: string): void;
  /** Passes the value on without keeping it. */
  skip(): void;
  /**
   * The value held, to be returned as the loader's: it is good for another life, as long as it is asked for and said now. Its
   * etag and version stay, and so do its tags beside those of the call, as far as the loader says no others. Typed as `never`,
   * so that it fits whatever the loader returns.
   *
   * @throws {NothingToKeepError} when none is held.
   */
  notModified(): never;
}

/** Reads the truth. `undefined` is passed on and not kept; `null` is a value. */
export type Loader<T> = (context: LoadContext) => T | PromiseLike<T>;

/** What a bulk loader is told, and what it may say of each key. */
export interface BulkLoadContext extends OperationContext {
  /** The context of one of the keys. */
  of(key: string): LoadContext;
}

/** Reads the truth of many keys at once. A key that the result does not hold is passed on as `undefined` and not kept. */
export type BulkLoader<T> = (
  keys: readonly string[],
  context: BulkLoadContext,
) => ReadonlyMap<string, T> | PromiseLike<ReadonlyMap<string, T>>;
