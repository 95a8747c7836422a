import type { Clock } from '@holdfast/core';

import type { Extended } from '../coherence/coherent-store.ts';
import type { Entry } from '../entry/entry.ts';
import { stampBytes } from '../entry/stamps.ts';
import type { Journal } from './journal.ts';
import type { TierChannel } from './tier-channel.ts';
import type { TierStore } from './tier-store.ts';
import type { WriteOrder } from './write-order.ts';

export interface TierLivesTerms {
  /** Longest life of an entry in the tier, in milliseconds. */
  readonly ttlMs: number;
  readonly clock: Clock;
}

/** Lengthens the lives of entries in one tier, each in its place among the writes of its key. */
export class TierLives {
  readonly #store: TierStore;
  readonly #channel: TierChannel;
  readonly #order: WriteOrder;
  readonly #owed: Journal;
  readonly #terms: TierLivesTerms;
  #closed = false;

  /** @param owed - Keys about which the tier cannot be believed. */
  constructor(
    store: TierStore,
    channel: TierChannel,
    order: WriteOrder,
    owed: Journal,
    terms: TierLivesTerms,
  ) {
    this.#store = store;
    this.#channel = channel;
    this.#order = order;
    this.#owed = owed;
    this.#terms = terms;
  }

  /**
   * `undefined` if the entry is not there, or the tier does not answer or cannot be believed about it. Never rejects.
   *
   * @param freshUntil - On the monotonic clock, like what is given.
   */
  async extend(key: string, { origin, terms, storedAt }: Entry, freshUntil: number): Promise<Extended> {
    const { clock } = this.#terms;
    const staleMs = Math.max(terms.staleWhileRevalidateMs, terms.staleIfErrorMs);
    const ttlMs = Math.min(freshUntil + staleMs, storedAt + this.#terms.ttlMs) - clock.now();
    if (ttlMs <= 0 || this.#closed || this.#owed.covers(key) || this.#order.isLate(key)) return undefined;
    const toEpoch = clock.epoch() - clock.now();
    const extension = { stamp: stampBytes(origin.stamp), freshUntil: toEpoch + freshUntil, ttlMs };
    const turn = this.#order.enter(key);
    const work = async (): Promise<Extended> => {
      await turn.ahead;
      // A write ahead may have failed while this waited for it.
      return this.#owed.covers(key) ? undefined : this.#store.extend(key, extension);
    };
    const attempt = await this.#channel.attempt(work, { watch: { onFailure: turn.late, onEnd: turn.done } });
    const extended = attempt.outcome === 'done' ? attempt.value : undefined;
    return typeof extended === 'number' ? extended - toEpoch : extended;
  }

  [Symbol.dispose](): void {
    this.#closed = true;
  }
}
