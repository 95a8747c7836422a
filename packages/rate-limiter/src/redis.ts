/**
 * Counts that many processes share, in Redis or Valkey.
 *
 * @module
 */
import { methods, text } from '@holdfast/core';
import type { RedisClient } from './redis/client.ts';
import { RedisConnection } from './redis/connection.ts';
import { LeasingLedger } from './redis/leases/leasing-ledger.ts';
import { RedisLedger } from './redis/ledger.ts';
import {
  type RedisStoreOptions,
  resolveRedisOptions,
  type ResolvedRedisStoreOptions,
} from './redis/options.ts';
import type { Ledger, LimitPlan, RateLimitStore } from './store.ts';

export type { RedisClient } from './redis/client.ts';
export type { LeaseOptions } from './redis/leases/options.ts';
export type { RedisStoreOptions } from './redis/options.ts';

/**
 * Keeps the counts in Redis: one script call per decision, by the server's clock.
 *
 * - All limits of a subject in one scope are one small value under one key. On a single server (or behind Sentinel) a
 *   decision over several scopes is one atomic call, and calls that are made in the same turn go together. In a cluster
 *   each scope lies in a slot of its own and is asked at the same time; where one refuses, the others are refunded before
 *   the decision is told: no limit is ever passed, and a refused call holds a charge for a round trip at most.
 * - What Redis has refused is refused without asking, for as long as Redis certainly would (`source: 'cache'`): only quota
 *   that another process gives back to the subject is seen late.
 * - A decision takes at most `timeoutMs`. When Redis fails or is late, this process decides as `onStoreError` of each limit
 *   says and tells so by `source: 'local'`; while Redis is down only one call per `probeIntervalMs` waits for it. A charge
 *   is never sent twice.
 * - With `leases`, quota of the limits that all share is taken in advance and spent without asking (`source: 'lease'`).
 * - In an outage a subject goes on with this process's share of what was left. What was admitted without Redis is charged
 *   there once it is back, as far as the limits have room, and who was blocked, unblocked or reset is then told to it.
 *
 * A client that is handed in should not resend commands after a reconnect (`autoResendUnfulfilledCommands: false` in
 * ioredis): a charge could count twice, though no limit could be passed by that.
 */
export class RedisStore implements RateLimitStore, AsyncDisposable {
  readonly #connection: RedisConnection;
  readonly #options: ResolvedRedisStoreOptions;
  readonly #leasing: LeasingLedger[] = [];

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
    const ledger = new RedisLedger(this.#connection, this.#options, plan);
    const { leases } = this.#options;
    if (leases === undefined) return ledger;
    const leasing = new LeasingLedger(ledger, plan, leases);
    this.#leasing.push(leasing);
    return leasing;
  }

  /** Gives leased quota back, and closes the connection if it was opened from a URL. Later decisions are local. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#leasing.map((ledger) => ledger[Symbol.asyncDispose]()));
    await this.#connection[Symbol.asyncDispose]();
  }
}
