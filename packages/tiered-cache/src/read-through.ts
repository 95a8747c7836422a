import {
  CancellationSource,
  type Clock,
  type EventHub,
  Execution,
  type OperationContext,
} from '@holdfast/core';

import type { Counts } from './counts.ts';
import { type Entry, newer, type Terms } from './entry.ts';
import type { EntryStore } from './entry-store.ts';
import { CacheDisposedError } from './errors.ts';
import type { TieredCacheEvent } from './events.ts';
import type { Fence } from './fences.ts';
import type { IsCurrent } from './flights.ts';
import { LoadRun } from './load-run.ts';
import type { GetOptions, LoadContext, Loader } from './options.ts';

export interface ReadThroughOptions {
  readonly name: string;
  readonly store: EntryStore;
  readonly counts: Counts;
  readonly hub: EventHub<TieredCacheEvent>;
  readonly clock: Clock;
  readonly loadRetryMs: number;
}

/** One `get` with a loader. */
export interface ReadRequest {
  readonly key: string;
  readonly loader: Loader<unknown>;
  readonly terms: Terms;
  readonly options: GetOptions | undefined;
}

interface Read extends ReadRequest {
  readonly execution: Execution | undefined;
  readonly fence: Fence;
}

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

  constructor(options: ReadThroughOptions) {
    this.#options = options;
  }

  /** @param held - What the first tier holds of the key, if anything. */
  async read(request: ReadRequest, held: Entry | undefined): Promise<unknown> {
    const { store, clock } = this.#options;
    const { key, options } = request;
    const execution = options && new Execution(options, clock);
    const fence = store.enter(key);
    try {
      return await this.#answer({ ...request, execution, fence }, held);
    } finally {
      store.leave(key, fence);
    }
  }

  [Symbol.dispose](): void {
    this.#background.cancel(new CacheDisposedError(this.#options.name));
  }

  async #answer(read: Read, held: Entry | undefined): Promise<unknown> {
    const { store, counts, clock } = this.#options;
    if (held !== undefined && this.#standsIn(read, held)) return held.value;
    let stale = held;
    try {
      // A load under way began with a look at the lower tiers, or after somebody else's.
      const found = store.loads.has(read.key) ? undefined : await store.lookup(read.key, read.execution);
      if (found !== undefined && found.entry.freshUntil > clock.now()) {
        counts[`${found.level}Hit`] += 1;
        return found.entry.value;
      }
      if (found !== undefined && this.#standsIn(read, found.entry)) return found.entry.value;
      stale = newer(found?.entry, held);
      const meanwhile = store.held(read.key);
      if (meanwhile !== undefined && meanwhile.readableUntil > clock.now()) {
        counts.l1Hit += 1;
        return meanwhile.value;
      }
      const value = await this.#load(read, stale);
      counts.loaded += 1;
      return value;
    } catch (error) {
      return this.#insteadOf(error, read, stale);
    }
  }

  /** Whether a stale entry answers without waiting, and then sees to its refresh. */
  #standsIn(read: Read, entry: Entry): boolean {
    const { counts, clock } = this.#options;
    const now = clock.now();
    if (now < entry.freshUntil || read.fence.raised) return false;
    if (now < until(entry.staleUntil, entry, read.options?.staleWhileRevalidateMs)) {
      if (now >= entry.retryAt) this.#refresh(read, entry);
      counts.staleHit += 1;
      counts.revalidating += 1;
      return true;
    }
    if (now >= entry.retryAt || now >= errorUntil(entry, read)) return false;
    counts.staleHit += 1;
    counts.loadError += 1;
    return true;
  }

  /** The stale value, if it may stand in for a load that failed or came too late. */
  #insteadOf(error: unknown, read: Read, stale: Entry | undefined): unknown {
    const { counts, clock } = this.#options;
    const { execution, fence } = read;
    const cancelled = execution?.cancellation?.cancelled === true;
    if (stale === undefined || cancelled || fence.raised || clock.now() >= errorUntil(stale, read))
      throw error;
    // A caller in a hurry says nothing about the loader.
    if (execution === undefined || execution.remainingMs() > 0) this.#holdOff(read.key, stale);
    counts.staleHit += 1;
    counts.loadError += 1;
    return stale.value;
  }

  #load(read: Read, stale: Entry | undefined): Promise<unknown> {
    // Disposed while the read waited for a tier.
    if (this.#background.cancelled) throw this.#background.reason;
    const reason = stale === undefined ? 'miss' : 'stale';
    return this.#options.store.loads.run(
      read.key,
      (context, isCurrent) => this.#runLoader(read, context, isCurrent, reason),
      read.execution,
    );
  }

  #refresh(read: Read, stale: Entry): void {
    const { store, clock } = this.#options;
    if (store.loads.has(read.key)) return;
    const execution = new Execution(undefined, clock, { cancellation: this.#background });
    const work = async (context: OperationContext, isCurrent: IsCurrent): Promise<unknown> => {
      const found = await store.lookup(read.key);
      if (found !== undefined && found.entry.freshUntil > clock.now()) return found.entry.value;
      // Invalidated meanwhile: whoever waits here shares the load of those who came after.
      if (!isCurrent()) return this.#load({ ...read, execution }, undefined);
      return this.#runLoader(read, context, isCurrent, 'refresh');
    };
    void this.#watch(store.loads.run(read.key, work, execution), read.key, stale);
  }

  async #watch(refresh: Promise<unknown>, key: string, stale: Entry): Promise<void> {
    try {
      await refresh;
      this.#options.counts.refreshSuccess += 1;
    } catch (error) {
      this.#refreshFailed(key, stale, error);
    }
  }

  #refreshFailed(key: string, stale: Entry, error: unknown): void {
    const { counts, hub, name } = this.#options;
    if (this.#background.cancelled) return;
    counts.refreshFailure += 1;
    this.#holdOff(key, stale);
    if (hub.observed) hub.emit({ type: 'refresh-failed', cache: name, key, error });
  }

  /** The entry may have been read anew from a lower tier since. */
  #holdOff(key: string, stale: Entry): void {
    const { store, clock, loadRetryMs } = this.#options;
    const retryAt = clock.now() + loadRetryMs;
    for (const entry of [stale, store.held(key)]) if (entry?.stamp === stale.stamp) entry.retryAt = retryAt;
  }

  async #runLoader(
    { key, loader, terms }: ReadRequest,
    context: OperationContext,
    isCurrent: IsCurrent,
    reason: LoadContext['reason'],
  ): Promise<unknown> {
    const { store, counts } = this.#options;
    try {
      const value = await loader(new LoadRun(context, key, reason));
      counts.loadSuccess += 1;
      if (!isCurrent()) return value;
      if (value !== undefined) store.fill(key, value, terms);
      else if (reason !== 'miss') store.drop(key);
      return value;
    } catch (error) {
      counts.loadFailure += 1;
      throw error;
    }
  }
}

function errorUntil(entry: Entry, read: Read): number {
  return until(entry.errorUntil, entry, read.options?.staleIfErrorMs);
}

/** The end of a stale time, which the reader may shorten. */
function until(end: number, entry: Entry, ownMs: number | undefined): number {
  return ownMs === undefined ? end : Math.min(end, entry.freshUntil + ownMs);
}
