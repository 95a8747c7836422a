import type { Clock } from '@holdfast/core';
import { RateLimitStoreError } from '../errors.ts';
import type { StoreObserver } from '../store.ts';

/** How a call to the store came out. */
export interface Attempt {
  succeeded(): void;
  failed(error: unknown): void;
}

/**
 * Knows whether to ask the store. After a failure only one call per `probeIntervalMs` asks; the others go without
 * waiting, until that one succeeds.
 *
 * Invariant: an outage is told once when it begins and once when it ends.
 */
export class StoreHealth {
  readonly #clock: Clock;
  readonly #observer: StoreObserver;
  readonly #probeIntervalMs: number;
  #lostAt: number | undefined;
  #probeAt = 0;
  #probing = false;
  /** Of all calls since the last outage. */
  #first: Attempt = this.#anAttempt();

  constructor(clock: Clock, observer: StoreObserver, probeIntervalMs: number) {
    this.#clock = clock;
    this.#observer = observer;
    this.#probeIntervalMs = probeIntervalMs;
  }

  /** Whether an outage is known of; one begins with a connection that is not ready. `status` is the client's, if it tells. */
  isOut(status: string | undefined): boolean {
    if (!this.#connected(status))
      this.#lose(new RateLimitStoreError(`the connection to the store is not ready: ${status}`));
    return this.#lostAt !== undefined;
  }

  /** Permission for one call, or `undefined` to go without. `status` is the client's, if it tells. */
  attempt(status: string | undefined): Attempt | undefined {
    if (!this.isOut(status)) return this.#first;
    if (!this.#connected(status) || this.#probing || this.#clock.now() < this.#probeAt) return undefined;
    this.#probing = true;
    return this.#probe;
  }

  #anAttempt(): Attempt {
    const attempt: Attempt = {
      // A late success of a call from before the outage does not end it: only a probe does.
      succeeded: () => undefined,
      failed: (error) => {
        if (attempt === this.#first) this.#fail(error);
        // Nor does a late failure of one from before it, which ended since, begin another.
        else this.#observer.failed();
      },
    };
    return attempt;
  }

  readonly #probe: Attempt = {
    succeeded: () => {
      // In a cluster one probe asks several nodes.
      if (this.#lostAt === undefined) return;
      this.#probing = false;
      const outageMs = this.#clock.now() - this.#lostAt;
      this.#lostAt = undefined;
      this.#first = this.#anAttempt();
      this.#observer.recovered(outageMs);
    },
    failed: (error) => {
      this.#probing = false;
      this.#fail(error);
    },
  };

  /** A client that connects for the first time, or on the first call, is worth a bounded wait. */
  #connected(status: string | undefined): boolean {
    if (status === undefined || status === 'ready' || status === 'wait') return true;
    return this.#lostAt === undefined && (status === 'connecting' || status === 'connect');
  }

  #fail(error: unknown): void {
    this.#observer.failed();
    this.#probeAt = this.#clock.now() + this.#probeIntervalMs;
    this.#lose(error);
  }

  #lose(error: unknown): void {
    if (this.#lostAt !== undefined) return;
    this.#lostAt = this.#clock.now();
    this.#observer.lost(error);
  }
}
