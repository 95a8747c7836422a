/**
 * A store for the middleware of the package express-rate-limit, version 8.
 *
 * @module
 */
import { InvalidOptionError, object, systemClock } from '@holdfast/core';
import { KeyLimit, type StoreAdapterOptions } from './http/key-limit.ts';
import { RefusedHits } from './http/refused-hits.ts';

export type { StoreAdapterOptions } from './http/key-limit.ts';

export interface ExpressRateLimitStoreOptions extends StoreAdapterOptions {
  /** Most hits in a window where the middleware's own `limit` is a function; no result of it may be larger. */
  readonly limit?: number | undefined;
}

/** What the middleware tells a store of its options. */
export interface ExpressRateLimitSettings {
  readonly windowMs: number;
  readonly limit: unknown;
  readonly skipFailedRequests: boolean;
}

/** A key's hits, and when they are forgotten. */
export interface ExpressRateLimitHits {
  readonly totalHits: number;
  readonly resetTime: Date;
}

/**
 * Counts for one middleware of express-rate-limit, by a strict limit: at most `limit` hits in any interval of length
 * `windowMs`, where the middleware's own store admits up to twice as many. A refused hit does not count.
 */
export class ExpressRateLimitStore {
  /** Whether other processes do not see the counts. */
  readonly localKeys: boolean;
  /** Tells the middleware which of its stores hold the same keys. */
  readonly prefix: string;
  readonly #options: ExpressRateLimitStoreOptions;
  readonly #refused: RefusedHits;
  #limit: KeyLimit | undefined = undefined;
  #takesBackFailed = false;

  constructor(options: ExpressRateLimitStoreOptions = {}) {
    object('options', options);
    this.#options = options;
    this.#refused = new RefusedHits(options.clock ?? systemClock);
    this.localKeys = options.store === undefined;
    this.prefix = options.name ?? 'rate-limiter';
  }

  /** Called by the middleware. @throws {InvalidOptionError} if the middleware's limit is a function and the store has none. */
  init({ windowMs, limit, skipFailedRequests }: ExpressRateLimitSettings): void {
    const most = this.#options.limit ?? limit;
    if (typeof most !== 'number')
      throw new InvalidOptionError(
        'limit',
        'given to the store, if that of the middleware is no number',
        most,
      );
    this.#limit = new KeyLimit(most, windowMs, this.#options);
    this.#takesBackFailed = skipFailedRequests;
  }

  async increment(key: string): Promise<ExpressRateLimitHits> {
    const { hits, refused, resetMs } = await this.#ready().hit(key);
    if (refused && this.#takesBackFailed) this.#refused.add(key, resetMs);
    return this.#told(hits, resetMs);
  }

  async get(key: string): Promise<ExpressRateLimitHits> {
    const { hits, resetMs } = await this.#ready().peek(key);
    return this.#told(hits, resetMs);
  }

  async decrement(key: string): Promise<void> {
    if (!this.#refused.take(key)) await this.#ready().takeBack(key);
  }

  async resetKey(key: string): Promise<void> {
    await this.#ready().reset(key);
  }

  #told(totalHits: number, resetMs: number): ExpressRateLimitHits {
    const clock = this.#options.clock ?? systemClock;
    return { totalHits, resetTime: new Date(clock.epoch() + resetMs) };
  }

  #ready(): KeyLimit {
    if (this.#limit === undefined)
      throw new InvalidOptionError('store', 'initialised with a limit', this.#limit);
    return this.#limit;
  }
}
