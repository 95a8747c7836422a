import { CancellationSource, type OperationContext } from '@holdfast/core';

import { type Entry, newer } from '../entry/entry.ts';
import { CacheDisposedError } from '../errors.ts';
import type { LoadContext } from '../loader.ts';
import type { Found } from '../tiers/openings.ts';
import type { EarlyRefresh } from './early-refresh.ts';
import type { IsCurrent } from './flights.ts';
import { orLeave } from './leaving.ts';
import type { Loading } from './loading.ts';
import type { Read } from './read.ts';
import { Refreshes, type RefreshOptions } from './refreshes.ts';
import type { Sliding } from './sliding.ts';

export interface ReadThroughOptions extends RefreshOptions {
  readonly loading: Loading;
  readonly earlyRefresh: EarlyRefresh;
  readonly sliding: Sliding;
  /** Longest wait for the lower tiers while a stale value could be given out instead, in milliseconds. */
  readonly softTimeoutMs: number;
  readonly unverified: 'load' | 'serve';
}

/** Stands for a lookup that took longer than a reader with a stale value at hand waits. */
const slow = Symbol('slow');

/**
 * Answers reads that the first tier could not: from a stale value, from the lower tiers, or from a loader.
 *
 * Invariants:
 * - at most one load per key runs at a time, whether somebody waits for it or it refreshes in the background;
 * - a stale value is given out only within the times that it was stored with, and never after its key was invalidated;
 * - a failure of a tier rejects nothing; a failure of the loader rejects unless a stale value may stand in.
 */
export class ReadThrough {
  readonly #options: ReadThroughOptions;
  readonly #background = new CancellationSource();
  readonly #refreshes: Refreshes;

  constructor(options: ReadThroughOptions) {
    this.#options = options;
    this.#refreshes = new Refreshes(options, this.#background, (read, context, isCurrent, stale) =>
      this.#run(read, context, isCurrent, 'refresh', stale),
    );
  }

  async read(read: Read): Promise<unknown> {
    const { store, sliding, counts, clock } = this.#options;
    const { key } = read;
    const fence = store.enter(key);
    read.fence = fence;
    const held = store.first?.held(key);
    let stale = held;
    try {
      if (held !== undefined && this.#isHeldFresh(read, held)) return held.value;
      if (store.first !== undefined) counts.l1Miss += 1;
      if (held !== undefined && this.#standsIn(read, held)) return held.value;
      // A load under way began with a look at the lower tiers, or after somebody else's.
      const askedAt = clock.now();
      const looked = store.loads.has(key) ? undefined : await this.#lookup(read, held);
      const now = clock.now();
      read.patience.spent(askedAt, now);
      if (looked === slow && held !== undefined && this.#mayStandIn(read, held))
        return this.#insteadOfWaiting(read, held);
      const found = looked === slow ? undefined : looked?.get(key);
      if (found !== undefined && found.entry.freshUntil > now) {
        sliding.touch(key, found.entry);
        counts.hit(found.level);
        return found.entry.value;
      }
      if (found !== undefined && this.#standsIn(read, found.entry)) return found.entry.value;
      stale = newer(found?.entry, held);
      return await this.#load(read, stale);
    } catch (error) {
      return this.#insteadOf(error, read, stale);
    } finally {
      store.leave(key, fence);
    }
  }

  /** As {@link read}, when the tiers have been asked already. @param found - What they hold, not fresh any more. */
  async load(read: Read, found: Entry | undefined): Promise<unknown> {
    const { store } = this.#options;
    const fence = store.enter(read.key);
    read.fence = fence;
    const stale = newer(found, store.first?.held(read.key));
    try {
      if (stale !== undefined && this.#isHeldOff(read, stale)) return stale.value;
      return await this.#load(read, stale);
    } catch (error) {
      return this.#insteadOf(error, read, stale);
    } finally {
      store.leave(read.key, fence);
    }
  }

  [Symbol.dispose](): void {
    const reason = new CacheDisposedError(this.#options.name);
    this.#background.cancel(reason);
    this.#options.loading.dispose(reason);
  }

  /** Whether an entry that the first tier vouches for came here only because it may be due for a refresh, or to be lengthened. */
  #isHeldFresh(read: Read, entry: Entry): boolean {
    const { counts, clock, earlyRefresh, sliding } = this.#options;
    const now = clock.now();
    if (now >= entry.heldUntil) return false;
    if (now >= entry.retryAt && earlyRefresh.isDue(entry, now)) this.#refreshes.begin(read, entry);
    sliding.touch(read.key, entry);
    counts.l1Hit += 1;
    return true;
  }

  /** Whether a stale entry answers without waiting, and then sees to its refresh. */
  #standsIn(read: Read, entry: Entry): boolean {
    const { counts, clock } = this.#options;
    const now = clock.now();
    if (now < entry.freshUntil || read.fence?.raised === true) return false;
    if (now < until(entry.staleUntil, entry, read.options?.staleWhileRevalidateMs)) {
      if (now >= entry.retryAt) this.#refreshes.begin(read, entry);
      counts.staleHit += 1;
      counts.revalidating += 1;
      return true;
    }
    return this.#isHeldOff(read, entry);
  }

  /** Whether a stale entry answers because a load of it has failed a moment ago. */
  #isHeldOff(read: Read, entry: Entry): boolean {
    const { counts, clock } = this.#options;
    const now = clock.now();
    if (now < entry.freshUntil || now >= entry.retryAt || !this.#mayStandIn(read, entry)) return false;
    counts.staleHit += 1;
    counts.loadError += 1;
    return true;
  }

  /** Whether a stale entry may be given out in place of what cannot be had, or not in time. */
  #mayStandIn(read: Read, entry: Entry): boolean {
    const { store, clock } = this.#options;
    return read.fence?.raised !== true && clock.now() < errorUntil(entry, read) && !store.isGone(entry);
  }

  #lookup(read: Read, held: Entry | undefined): Promise<ReadonlyMap<string, Found> | typeof slow> {
    const { name, store, clock, softTimeoutMs } = this.#options;
    const lookup = orLeave(store.lookup(read.key, read.options?.after), read.execution, name, clock);
    if (store.lower.absent || held === undefined || clock.now() >= errorUntil(held, read)) return lookup;
    return new Promise((resolve, reject) => {
      const cancel = clock.schedule(() => resolve(slow), softTimeoutMs);
      lookup.finally(cancel).then(resolve, reject);
    });
  }

  #insteadOfWaiting(read: Read, held: Entry): unknown {
    const { counts } = this.#options;
    this.#refreshes.begin(read, held);
    counts.staleHit += 1;
    counts.revalidating += 1;
    return held.value;
  }

  /** What the first tier holds as fresh although nobody can say whether it still is, if that is allowed. */
  #unverified(read: Read): Entry | undefined {
    const { store, counts, clock, unverified } = this.#options;
    if (unverified === 'load' || read.fence?.raised === true || store.lower.answers) return undefined;
    const entry = store.first?.unverified(read.key);
    if (entry === undefined || entry.freshUntil <= clock.now()) return undefined;
    counts.staleHit += 1;
    counts.unverified += 1;
    return entry;
  }

  async #load(read: Read, stale: Entry | undefined): Promise<unknown> {
    const { store, counts, clock } = this.#options;
    const meanwhile = store.first?.held(read.key);
    if (meanwhile !== undefined && meanwhile.heldUntil > clock.now()) {
      counts.l1Hit += 1;
      return meanwhile.value;
    }
    const unverified = this.#unverified(read);
    if (unverified !== undefined) return unverified.value;
    const value = await this.#join(read, stale);
    counts.loaded += 1;
    return value;
  }

  /** Shares the load of the key, or begins it. */
  #join(read: Read, stale: Entry | undefined): Promise<unknown> {
    // Disposed while the read waited for a tier.
    if (this.#background.cancelled) throw this.#background.reason;
    const reason = stale === undefined ? 'miss' : 'stale';
    return this.#options.store.loads.run(
      read.key,
      (context, isCurrent) => this.#run(read, context, isCurrent, reason, stale),
      read.execution,
    );
  }

  /** The stale value, if it may stand in for a load that failed or came too late. */
  #insteadOf(error: unknown, read: Read, stale: Entry | undefined): unknown {
    const { counts } = this.#options;
    const { execution } = read;
    const cancelled = execution?.cancellation?.cancelled === true;
    if (stale === undefined || cancelled || !this.#mayStandIn(read, stale)) throw error;
    // A caller in a hurry says nothing about the loader.
    if (execution === undefined || execution.remainingMs() > 0) this.#refreshes.holdOff(read.key, stale);
    counts.staleHit += 1;
    counts.loadError += 1;
    return stale.value;
  }

  #run(
    request: Read,
    context: OperationContext,
    isCurrent: IsCurrent,
    reason: LoadContext['reason'],
    stale: Entry | undefined,
  ): Promise<unknown> {
    const joinLater = (): Promise<unknown> => this.#join(request, undefined);
    return this.#options.loading.load({ request, context, isCurrent, reason, stale, joinLater });
  }
}

function errorUntil(entry: Entry, read: Read): number {
  return until(entry.errorUntil, entry, read.options?.staleIfErrorMs);
}

/** The end of a stale time, which the reader may shorten. */
function until(end: number, entry: Entry, ownMs: number | undefined): number {
  return ownMs === undefined ? end : Math.min(end, entry.freshUntil + ownMs);
}
