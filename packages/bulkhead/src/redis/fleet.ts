import { randomUUID } from 'node:crypto';

import { type Cancel, type Clock, DeadlineExceededError, type EventHub } from '@holdfast/core';

import type { Slots } from '../slots.ts';
import type { RedisClient } from './client.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisBulkheadEvent } from './events.ts';
import { lease } from './lease.lua.ts';
import type { ResolvedRedisOptions } from './options.ts';
import { RedisScript } from './script.ts';

const script = new RedisScript(lease);

/**
 * The slots of this process as leases in Redis. One request at a time says all that there is to say: what is given back,
 * what is kept, how many callers wait for one.
 *
 * Invariants: while Redis answers, this process runs as many operations as it was granted leases, and no slot is passed on
 * without asking; while it does not, at most `localLimit` are admitted. Leases are renewed three times as often as they
 * have to be. There is a timer only while something runs or waits, and it keeps the process alive only for who waits.
 */
export class Fleet {
  readonly #process = randomUUID();
  readonly #connection: RedisConnection;
  readonly #options: ResolvedRedisOptions;
  readonly #clock: Clock;
  readonly #slots: Slots;
  readonly #hub: EventHub<RedisBulkheadEvent>;
  readonly #keys: readonly string[];
  /** Leases that are ours, one for each operation that runs when an answer was taken in. */
  readonly #held: string[] = [];
  /** Leases that Redis may still count as ours. */
  #returned: string[] = [];
  /** How many operations began without a lease, so that Redis has not heard of the one that they have got since. */
  #untold = 0;
  #lastId = 0;
  #renewedAt = -Infinity;
  #local = false;
  #asking: Promise<void> | undefined;
  #askAgain = false;
  #cancelTimer: Cancel | undefined;

  constructor(
    connection: RedisConnection,
    options: ResolvedRedisOptions,
    slots: Slots,
    hub: EventHub<RedisBulkheadEvent>,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#clock = options.queue.clock;
    this.#slots = slots;
    this.#hub = hub;
    const tag = `${options.prefix}:{${options.name}}`;
    this.#keys = [`${tag}:leases`, `${tag}:hungry`];
  }

  /** Whether this process decides by itself. */
  get local(): boolean {
    return this.#local;
  }

  /** A call came: it waits, or took one of the slots that there are without Redis, which is then tried at its time. */
  called(): void {
    if (!this.#local) {
      void this.#ask();
      return;
    }
    this.#slots.trim(this.#options.maxQueued);
    if (this.#cancelTimer === undefined && this.#asking === undefined) this.#rest();
  }

  /** An operation has ended: its slot goes back, and is not passed on here. */
  released(): void {
    if (this.#local) return;
    this.#slots.setLimit(this.#slots.running);
    void this.#ask();
  }

  /** Gives back what is still held, if Redis answers. */
  async close(): Promise<void> {
    await this.#silence();
    // While Redis was down nothing was given back; it may be up again.
    if (this.#held.length + this.#returned.length > 0) void this.#ask();
    await this.#silence();
    this.#cancelTimer?.();
  }

  /** Resolves when there is nothing more to say: one request may lead to another. */
  async #silence(): Promise<void> {
    while (this.#asking !== undefined) await this.#asking;
  }

  #ask(): Promise<void> {
    if (this.#asking !== undefined) {
      this.#askAgain = true;
      return this.#asking;
    }
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    // In a turn of its own, so that what happens at the same time is one request.
    return (this.#asking = Promise.resolve()
      .then(() => this.#askOnce())
      .finally(() => {
        this.#asking = undefined;
        if (this.#askAgain) void this.#ask();
        else this.#rest();
      }));
  }

  async #askOnce(): Promise<void> {
    this.#askAgain = false;
    this.#reconcile();
    const { limit } = this.#options;
    const asked = this.#newIds(Math.min(this.#slots.queued, Math.max(0, limit - this.#slots.running)));
    const returned = this.#returned;
    this.#returned = [];
    const untold = this.#untold;
    this.#untold = 0;
    try {
      const [granted, lost] = await this.#request(returned, this.#kept(), asked);
      // What has ended meanwhile goes back before anything that was granted is taken up.
      this.#reconcile();
      this.#held.push(...asked.slice(0, granted));
      this.#shared(lost - untold, granted < asked.length);
    } catch (error) {
      // Whatever became of them, they are not ours; more than the limit Redis cannot have.
      this.#returned = [...returned, ...asked, ...this.#returned].slice(-limit);
      this.#alone(error);
    }
  }

  /** As many leases as operations: those that began without one get one, those that have ended give theirs back. */
  #reconcile(): void {
    const surplus = this.#held.length - this.#slots.running;
    if (surplus > 0) this.#returned.push(...this.#held.splice(-surplus));
    if (surplus < 0) {
      this.#held.push(...this.#newIds(-surplus));
      this.#untold -= surplus;
      this.#renewedAt = -Infinity;
    }
  }

  #kept(): readonly string[] {
    const now = this.#clock.now();
    if (now - this.#renewedAt < this.#options.leaseMs / 3) return [];
    this.#renewedAt = now;
    return this.#held;
  }

  #shared(lost: number, wasRefused: boolean): void {
    const { name: policy, maxQueued } = this.#options;
    const wasLocal = this.#local;
    this.#local = false;
    if (wasLocal && this.#hub.observed) this.#hub.emit({ type: 'went-shared', policy });
    else if (lost > 0 && this.#hub.observed) this.#hub.emit({ type: 'lease-lost', policy, count: lost });
    this.#slots.setLimit(this.#held.length);
    // Who was granted a lease may have left, or ended, meanwhile.
    this.#slots.setLimit(this.#slots.running);
    if (this.#held.length !== this.#slots.running || this.#returned.length + this.#untold > 0)
      this.#askAgain = true;
    if (wasRefused) this.#slots.trim(maxQueued);
  }

  #alone(error: unknown): void {
    const { name: policy, localLimit, maxQueued } = this.#options;
    const wasLocal = this.#local;
    this.#local = true;
    this.#askAgain = false;
    this.#renewedAt = -Infinity;
    if (!wasLocal && this.#hub.observed) this.#hub.emit({ type: 'went-local', policy, error });
    this.#slots.setLimit(localLimit);
    this.#slots.trim(maxQueued);
  }

  /** Until something happens: tries again for who waits, or to find Redis up; renews what is held. */
  #rest(): void {
    const { leaseMs, pollMs, probeIntervalMs, random } = this.#options;
    const waits = this.#slots.queued > 0;
    if (!waits && this.#slots.running === 0) return;
    const delayMs = this.#local ? probeIntervalMs : waits ? pollMs * (0.75 + random() / 2) : leaseMs / 3;
    this.#cancelTimer = this.#clock.schedule(() => void this.#ask(), delayMs, { background: !waits });
  }

  async #request(
    returned: readonly string[],
    kept: readonly string[],
    asked: readonly string[],
  ): Promise<readonly [granted: number, lost: number]> {
    const { limit, leaseMs, pollMs, timeoutMs, name } = this.#options;
    const counts = [this.#held.length, returned.length, kept.length, asked.length];
    const args = [
      this.#process,
      limit,
      wholeMs(leaseMs),
      wholeMs(4 * pollMs + timeoutMs),
      ...counts,
      ...returned,
      ...kept,
      ...asked,
    ];
    const late = Promise.withResolvers<never>();
    const cancel = this.#clock.schedule(() => late.reject(new DeadlineExceededError(name)), timeoutMs);
    try {
      const answer = this.#connection
        .client()
        .then((client: RedisClient) => script.run(client, this.#keys, args));
      return (await Promise.race([answer, late.promise])) as [number, number];
    } finally {
      cancel();
    }
  }

  #newIds(count: number): string[] {
    return Array.from({ length: count }, () => `${this.#process}:${(this.#lastId += 1)}`);
  }
}

/** Redis takes whole milliseconds only, and not more than it can count. */
function wholeMs(ms: number): number {
  return Math.min(Math.ceil(ms), Number.MAX_SAFE_INTEGER);
}
