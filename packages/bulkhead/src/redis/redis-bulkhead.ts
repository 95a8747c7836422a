import {
  EventHub,
  type EventSource,
  type ExecuteOptions,
  Execution,
  methods,
  type Operation,
  type Policy,
  text,
  throwIfCancelled,
} from '@holdfast/core';

import { HeldSlot, type Permit } from '../permit.ts';
import { Runner } from '../runner.ts';
import { Slots } from '../slots.ts';
import type { BulkheadStatistics } from '../statistics.ts';
import type { RedisClient } from './client.ts';
import { RedisConnection } from './connection.ts';
import type { RedisBulkheadEvent } from './events.ts';
import { Fleet } from './fleet.ts';
import { type RedisBulkheadOptions, resolveRedisOptions, type ResolvedRedisOptions } from './options.ts';

/**
 * Caps how many operations run at once in all processes together. Callers wait in the queue of their own process, with all
 * that a `Bulkhead` has; a slot is a lease in Redis.
 *
 * - Never more leases than `limit` are granted. More operations can run for a while only where Redis cannot know: those of
 *   a process that was silent for `leaseMs` and goes on, those that were admitted while Redis was down, and those that ran
 *   when Redis lost its data, until their process has told it again.
 * - A process that dies loses its leases after `leaseMs`.
 * - While processes wait, none of them gets more than its equal share.
 * - When Redis fails or is late, this process goes on within its own share of the limit, and tells so.
 */
export class RedisBulkhead implements Policy, AsyncDisposable {
  readonly #options: ResolvedRedisOptions;
  readonly #connection: RedisConnection;
  readonly #hub = new EventHub<RedisBulkheadEvent>();
  readonly #slots: Slots;
  readonly #runner: Runner;
  readonly #fleet: Fleet;

  /**
   * @param clientOrUrl - A client, which stays yours; or a URL, from which a client is opened by the peer dependency
   * `ioredis` when it is first needed, and closed with the bulkhead.
   * @throws {InvalidOptionError} naming the first option that is wrong.
   */
  constructor(clientOrUrl: RedisClient | string, options: RedisBulkheadOptions) {
    this.#options = resolveRedisOptions(options);
    if (typeof clientOrUrl === 'string') text('clientOrUrl', clientOrUrl);
    else methods('clientOrUrl', clientOrUrl, 'evalsha', 'eval');
    this.#connection = new RedisConnection(clientOrUrl);
    this.#slots = new Slots(this.#options.queue, this.#hub, () => this.#fleet.released());
    this.#runner = new Runner(this.#slots, () => false);
    this.#fleet = new Fleet(this.#connection, this.#options, this.#slots, this.#hub);
  }

  get name(): string {
    return this.#options.name;
  }

  /** Most operations running at once, in all processes; while Redis is down, in this one. */
  get limit(): number {
    return this.#fleet.local ? this.#options.localLimit : this.#options.limit;
  }

  /** Slots taken by this process now. */
  get running(): number {
    return this.#slots.running;
  }

  /** Callers of this process waiting now, also for the answer of Redis. */
  get queued(): number {
    return this.#slots.queued;
  }

  get events(): EventSource<RedisBulkheadEvent> {
    return this.#hub;
  }

  /** As `execute` of `Bulkhead`. */
  execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    try {
      const execution = this.#open(options);
      if (this.#take()) return this.#runner.start(operation, execution);
      const outcome = this.#runner.queue(operation, execution);
      this.#fleet.called();
      return outcome;
    } catch (refusal) {
      return Promise.reject(refusal);
    }
  }

  /** As `acquire` of `Bulkhead`. */
  async acquire(options?: ExecuteOptions): Promise<Permit> {
    const execution = this.#open(options);
    if (!this.#take()) {
      const { outcome } = this.#slots.enqueue(execution);
      this.#fleet.called();
      await outcome;
      this.#slots.takeUp(execution);
    }
    return new HeldSlot(this.#slots, 0);
  }

  /** Gives a slot only while Redis is down: otherwise it has to be asked, which takes time. */
  tryAcquire(): Permit | undefined {
    return this.#take() ? new HeldSlot(this.#slots, 0) : undefined;
  }

  /** Of this process, but for `limit`. */
  statistics(): BulkheadStatistics {
    return { ...this.#slots.statistics(), limit: this.limit, queueLimit: this.#options.maxQueued };
  }

  /** Refuses those who wait and all who come from now on, and resolves when nothing runs in this process any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#slots.close();
    await this.#fleet.close();
    await this.#connection.close();
  }

  /** @throws What ends the call before it starts: the reason of its signal, or that its deadline is over. */
  #open(options: ExecuteOptions | undefined): Execution {
    throwIfCancelled(options);
    const execution =
      options instanceof Execution ? options : new Execution(options, this.#options.queue.clock);
    if (execution.remainingMs() === 0) throw this.#slots.refusal('deadline');
    return execution;
  }

  /** Takes a slot without asking, which is possible only while Redis is down. */
  #take(): boolean {
    if (!this.#slots.take()) return false;
    this.#fleet.called();
    return true;
  }
}
