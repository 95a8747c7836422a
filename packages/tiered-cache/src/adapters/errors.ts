import { HoldfastError } from '@holdfast/core';

/** A store of another library did not take a value, and did not say why. */
export class StoreRefusedError extends HoldfastError {
  override readonly name = 'StoreRefusedError';
  readonly code = 'ERR_CACHE_STORE_REFUSED';
  /** The library: `'keyv'` or `'bentocache'`. */
  readonly store: string;

  constructor(store: string) {
    super(`the ${store} store did not take the value`);
    this.store = store;
  }
}
