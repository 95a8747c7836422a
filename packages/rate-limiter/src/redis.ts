/**
 * Counts that many processes share, in Redis or Valkey.
 *
 * @module
 */
import { methods, text } from '@holdfast/core';
import type { RedisClient } from './redis-client.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisLedger } from './redis-ledger.ts';
import {
  type RedisStoreOptions,
  resolveRedisOptions,
  type ResolvedRedisStoreOptions,
} from './redis-options.ts';
import type { Ledger, LimitPlan, RateLimitStore } from './store.ts';

export type { RedisClient } from './redis-client.ts';
export type { RedisStoreOptions } from './redis-options.ts';

/**
 * Keeps the counts in Redis: one script call per decision, by the server's clock.
 *
 * - All limits of a subject in one scope are one small value under one key. On a single server (or behind Sentinel) a
 *   decision over several scopes is one atomic call. In a cluster each scope lives in a slot of its own and is asked
 *   at the same time; where one refuses, the others are refunded before the decision is told: no limit is ever passed,
 *   and a refused call holds a charge for a round trip at most.
 * - A decision takes at most `timeoutMs`. When Redis fails or is late, this process decides by its own share of the
 *   limits and tells so by `source: 'local'`; a charge is never sent twice. While Redis is down only one call per
 *   `probeIntervalMs` waits for it.
 *
 * A client that is handed in should not resend commands after a reconnect (`autoResendUnfulfilledCommands: false` in
 * ioredis): a charge could count twice, though no limit could be passed by that.
 */
export class RedisStore implements RateLimitStore, AsyncDisposable {
  readonly #connection: RedisConnection;
  readonly #options: ResolvedRedisStoreOptions;

  /**
   * @param clientOrUrl - A client, which stays yours; or a URL, from which a client is opened at once by the peer
   * dependency `ioredis` and closed with the store.
   * @throws {InvalidOptionError} naming the first option that is wrong.
   */
  constructor(clientOrUrl: RedisClient | string, options: RedisStoreOptions = {}) {
    this.#options = resolveRedisOptions(options);
    if (typeof clientOrUrl === 'string') text('clientOrUrl', clientOrUrl);
    else methods('clientOrUrl', clientOrUrl, 'evalsha', 'eval');
    this.#connection = new RedisConnection(clientOrUrl);
  }

  open(plan: LimitPlan): Ledger {
    return new RedisLedger(this.#connection, this.#options, plan);
  }

  /** Closes the connection if it was opened from a URL. Later decisions are local. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection[Symbol.asyncDispose]();
  }
}
