import { type Cancel, InvalidOptionError, methods, text } from '@holdfast/core';

import type { CircuitBreaker } from '../circuit-breaker.ts';
import type { CircuitBreakerEvent } from '../events.ts';
import { RedisConnection, type RedisClient } from './client.ts';
import { exchange } from './exchange.lua.ts';
import { type Fleet, fleetOf, isSuspect } from './fleet.ts';
import { type FleetHintsOptions, resolveHintsOptions, type ResolvedFleetHintsOptions } from './options.ts';

/** Counters only grow. */
export interface FleetHintsStatistics {
  /** Exchanges that were answered in time. */
  readonly exchanges: number;
  /** Exchanges that failed or were late. */
  readonly failures: number;
  /** How often the fleet made this circuit suspicious. */
  readonly suspicions: number;
  /** What the last answer told, unless an exchange has failed since. */
  readonly fleet: Fleet | undefined;
}

/** Waits after failures, at most this many times `syncMs`. */
const longestPause = 32;

/**
 * Tells a fleet how one breaker fares, and the breaker what the fleet says. Only hints: the circuit opens and closes by the
 * calls of its own process alone.
 *
 * - When enough of the fleet is in trouble, a closed circuit lets only trial calls through until they have decided.
 * - While Redis answers, no more than `probes` trial calls are under way in the whole fleet; a node that holds a lease
 *   makes one at a time.
 * - While Redis fails, is slow or is gone, the breaker does what it would do alone.
 *
 * Invariant: no call waits for Redis. Exchanges happen in the background, every `syncMs` while there is something to
 * tell or to ask for, and less and less often while they fail. Their timer keeps no process alive.
 */
export class FleetHints implements AsyncDisposable {
  readonly #breaker: CircuitBreaker;
  readonly #options: ResolvedFleetHintsOptions;
  readonly #connection: RedisConnection;
  readonly #keys: readonly [nodes: string, leases: string];
  readonly #guard: Disposable;
  readonly #unsubscribe: () => void;
  #cancel: Cancel | undefined;
  #pause = 1;
  #fleet: Fleet | undefined;
  /** Reading of the clock up to which trial calls may begin under the lease of the last answer. */
  #leasedUntil = -Infinity;
  #calmUntil = -Infinity;
  /** Circuits that anybody suspects are not open: a suspicion must not feed on itself. */
  #suspected = false;
  #lastCalls = 0;
  /** Whether anybody has wanted to make a trial call since the last exchange. */
  #asked = false;
  #reading = false;
  #disposed = false;
  #exchanges = 0;
  #failures = 0;
  #suspicions = 0;

  /**
   * @param clientOrUrl - A client, which stays yours; or a URL, from which a client is opened by the peer dependency
   * `ioredis` and closed at the end.
   * @throws {InvalidOptionError} naming the first option that is wrong.
   */
  constructor(breaker: CircuitBreaker, clientOrUrl: RedisClient | string, options: FleetHintsOptions = {}) {
    this.#breaker = methods('breaker', breaker, 'suspect', 'guardProbes', 'statistics');
    this.#options = resolveHintsOptions(options);
    if (typeof clientOrUrl === 'string') text('clientOrUrl', clientOrUrl);
    else if (typeof (clientOrUrl as RedisClient | undefined)?.eval !== 'function')
      throw new InvalidOptionError('clientOrUrl', 'a URL or a client with eval()', clientOrUrl);
    this.#connection = new RedisConnection(clientOrUrl);
    // One slot in a cluster: both keys are in one script.
    const base = `${this.#options.prefix}:{${breaker.name}}`;
    this.#keys = [`${base}:nodes`, `${base}:leases`];
    this.#guard = breaker.guardProbes((underWay) => this.#probeWaitMs(underWay));
    this.#unsubscribe = breaker.events.subscribe((event) => this.#notice(event));
    this.#schedule();
  }

  statistics(): FleetHintsStatistics {
    return {
      exchanges: this.#exchanges,
      failures: this.#failures,
      suspicions: this.#suspicions,
      fleet: this.#fleet,
    };
  }

  /** Leaves the breaker to itself. What this node told is forgotten after `goodForMs`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#cancel?.();
    this.#unsubscribe();
    this.#guard[Symbol.dispose]();
    await this.#connection.close();
  }

  /** How long a trial call has to wait: not at all with a lease, or while nobody answers. */
  #probeWaitMs(underWay: number): number {
    if (!this.#reading) this.#asked = true;
    if (this.#fleet === undefined) return 0;
    const { clock, syncMs } = this.#options;
    return underWay === 0 && clock.now() < this.#leasedUntil ? 0 : syncMs;
  }

  #notice(event: CircuitBreakerEvent): void {
    const { type } = event;
    if (type === 'rejected') return;
    this.#suspected = type === 'half-opened' && event.reason === 'suspected';
    if (type === 'opened') this.#hurry();
    if (type !== 'closed') return;
    // It has found out for itself. The others, which have not yet, must not make it ask again and again.
    this.#calmUntil = this.#options.clock.now() + this.#options.calmMs;
  }

  #schedule(): void {
    const { random, syncMs } = this.#options;
    this.#syncIn(syncMs * this.#pause * (0.9 + 0.2 * random()));
  }

  /** Tells of an opening at once, unless an exchange is under way or Redis is given time to recover. */
  #hurry(): void {
    if (this.#cancel === undefined || this.#pause > 1) return;
    this.#cancel();
    this.#syncIn(0);
  }

  #syncIn(delayMs: number): void {
    if (this.#disposed) return;
    const run = (): void => void this.#sync();
    this.#cancel = this.#options.clock.schedule(run, delayMs, { background: true });
  }

  async #sync(): Promise<void> {
    this.#cancel = undefined;
    const { calls, state } = this.#breaker.statistics();
    const sum = calls.success + calls.failure + calls.ignored + calls.rejected + calls.stale;
    const isBusy = sum !== this.#lastCalls || this.#asked;
    this.#lastCalls = sum;
    this.#asked = false;
    // A circuit that is closed for good and has no calls has nothing to tell and nothing to ask for.
    if (isBusy || state === 'open' || state === 'half-open') {
      try {
        this.#learn(await this.#exchange(isBusy));
      } catch {
        this.#lose();
      }
    }
    this.#schedule();
  }

  async #exchange(isBusy: boolean): Promise<Fleet & { readonly askedAt: number }> {
    const { node, goodForMs, probes, clock } = this.#options;
    const { state, windowCalls, failureRatio } = this.#breaker.statistics();
    const isOpen = !this.#suspected && (state === 'open' || state === 'half-open');
    const askedAt = clock.now();
    const client = await this.#connection.client();
    const answer = await this.#inTime(
      client.eval(
        exchange,
        2,
        ...this.#keys,
        node,
        isOpen ? 1 : 0,
        windowCalls,
        Math.round(windowCalls * failureRatio),
        Math.ceil(goodForMs),
        this.#wantedLeaseMs(isBusy),
        probes,
      ),
    );
    return { ...fleetOf(answer), askedAt };
  }

  #learn({ askedAt, ...fleet }: Fleet & { readonly askedAt: number }): void {
    if (this.#disposed) return;
    this.#exchanges += 1;
    this.#pause = 1;
    this.#fleet = fleet;
    // Counted from before the question: the lease on the server ends no earlier.
    this.#leasedUntil = fleet.leased ? askedAt + this.#usableMs : -Infinity;
    const { clock, quorum } = this.#options;
    if (clock.now() < this.#calmUntil || this.#breaker.state !== 'closed') return;
    if (!isSuspect(fleet, { quorum, ...this.#breaker.thresholds })) return;
    this.#suspicions += 1;
    this.#breaker.suspect();
  }

  /** Nobody answers: the breaker decides alone. */
  #lose(): void {
    this.#failures += 1;
    this.#pause = Math.min(this.#pause * 2, longestPause);
    this.#fleet = undefined;
  }

  /** A node without calls lets its lease run out: another one may have some. */
  #wantedLeaseMs(isBusy: boolean): number {
    const { state, thresholds } = this.#breaker;
    if (state !== 'open' && state !== 'half-open') return 0;
    const retryAfterMs = this.#retryAfterMs();
    const isNear = state === 'half-open' || (retryAfterMs ?? Infinity) <= 2 * this.#options.syncMs;
    // It outlasts the trial calls that begin under it.
    return isNear && isBusy ? Math.ceil(this.#usableMs + thresholds.leaseMs) : -1;
  }

  /** How long trial calls may begin under a lease: until the exchange after the next. */
  get #usableMs(): number {
    return 3 * this.#options.syncMs;
  }

  /** Reads it without that being taken for somebody's wish to make a trial call. */
  #retryAfterMs(): number | undefined {
    this.#reading = true;
    try {
      return this.#breaker.retryAfterMs;
    } finally {
      this.#reading = false;
    }
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error('no answer in time'));
      const cancel = clock.schedule(late, timeoutMs, { background: true });
      answer.then(resolve, reject).finally(cancel);
    });
  }
}
