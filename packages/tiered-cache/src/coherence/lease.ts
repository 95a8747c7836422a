import type { Cancel, Clock } from '@holdfast/core';

import type { LeaseTerms } from './coherent-store.ts';

/** What became of a fill: `'refused'` if the lease was lost or a newer version is there. */
export type FillOutcome = 'applied' | 'refused' | 'failed';

/** What a lease is held on. */
export interface Lessor {
  /** Tells whether the lease is still held; `undefined` if nobody answers. */
  renew(key: string, terms: LeaseTerms): Promise<boolean | undefined>;
  release(key: string, token: string): Promise<void>;
  fill(
    key: string,
    token: string,
    envelope: Uint8Array,
    ttlMs: number,
    limitMs?: number,
  ): Promise<FillOutcome>;
}

/**
 * The right to load a key and to store what was loaded, which whoever invalidates the key takes away. Renewed at a third of
 * its time while it is held, so that a slow load does not have a second one beside it.
 *
 * Invariant: it ends once, by the first `fill` or `release`, and has a timer and a place among the `open` ones until then.
 */
export class Lease {
  readonly #lessor: Lessor;
  readonly #key: string;
  readonly #terms: LeaseTerms;
  readonly #clock: Clock;
  readonly #open: Set<Lease>;
  #cancel: Cancel;

  constructor(lessor: Lessor, key: string, terms: LeaseTerms, clock: Clock, open: Set<Lease>) {
    this.#lessor = lessor;
    this.#key = key;
    this.#terms = terms;
    this.#clock = clock;
    this.#open = open;
    this.#cancel = this.#renewLater();
    open.add(this);
  }

  /** Stores if the lease is still held. */
  async fill(envelope: Uint8Array, ttlMs: number, limitMs?: number): Promise<FillOutcome> {
    if (!this.#end()) return 'refused';
    return this.#lessor.fill(this.#key, this.#terms.token, envelope, ttlMs, limitMs);
  }

  /** Gives it back unused, without waiting. */
  release(): void {
    if (this.#end()) void this.#lessor.release(this.#key, this.#terms.token);
  }

  #end(): boolean {
    this.#cancel();
    return this.#open.delete(this);
  }

  #renewLater(): Cancel {
    return this.#clock.schedule(() => void this.#renew(), this.#terms.leaseMs / 3, { background: true });
  }

  async #renew(): Promise<void> {
    const held = await this.#lessor.renew(this.#key, this.#terms);
    // Without an answer it may still be held, for another two thirds of its time. It may also have ended meanwhile.
    if (held !== false && this.#open.has(this)) this.#cancel = this.#renewLater();
  }
}
