/**
 * What an adapter asks of the cache behind it: any `ICache` fits, and so does a `TieredCache`. Where there is no `setMany`
 * or `deleteMany` the keys are written one by one.
 */
export interface AdaptableCache {
  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, unknown>>;
  set(key: string, value: unknown, options?: { readonly ttlMs?: number | undefined }): Promise<unknown>;
  setMany?(
    entries: Iterable<readonly [string, unknown]>,
    options?: { readonly ttlMs?: number | undefined },
  ): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  deleteMany?(keys: readonly string[]): Promise<unknown>;
  [Symbol.asyncDispose](): Promise<void>;
}
