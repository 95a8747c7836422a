import {
  type Cancellation,
  type Clock,
  type EventHub,
  Execution,
  type OperationContext,
} from '@holdfast/core';

import type { Counts } from '../counts.ts';
import type { Entry } from '../entry/entry.ts';
import type { TieredCacheEvent } from '../events.ts';
import type { EntryStore } from './entry-store.ts';
import type { IsCurrent } from './flights.ts';
import type { Read } from './read.ts';

export interface RefreshOptions {
  readonly name: string;
  readonly store: EntryStore;
  readonly counts: Counts;
  readonly hub: EventHub<TieredCacheEvent>;
  readonly clock: Clock;
  readonly loadRetryMs: number;
}

/** Loads what stands for `stale` from now on. */
type Load = (read: Read, context: OperationContext, isCurrent: IsCurrent, stale: Entry) => Promise<unknown>;

/**
 * Loads anew in the background what is given out meanwhile.
 *
 * Invariants:
 * - a refresh looks at the lower tiers first, for another process may have been quicker;
 * - after a failure nobody tries again for `loadRetryMs`; it rejects nothing, and is told of and counted.
 */
export class Refreshes {
  readonly #options: RefreshOptions;
  readonly #cancellation: Cancellation;
  readonly #load: Load;

  /** @param cancellation - Ends all of them. */
  constructor(options: RefreshOptions, cancellation: Cancellation, load: Load) {
    this.#options = options;
    this.#cancellation = cancellation;
    this.#load = load;
  }

  /** Does nothing while the key is being loaded. */
  begin(read: Read, stale: Entry): void {
    const { store, clock } = this.#options;
    if (store.loads.has(read.key)) return;
    const execution = new Execution(undefined, clock, { cancellation: this.#cancellation });
    const work = async (context: OperationContext, isCurrent: IsCurrent): Promise<unknown> => {
      const found = (await store.lookup(read.key)).get(read.key);
      if (found !== undefined && this.#replaces(found.entry, stale)) return found.entry.value;
      return this.#load({ ...read, execution }, context, isCurrent, stale);
    };
    void this.#watch(store.loads.run(read.key, work, execution), read.key, stale);
  }

  /** Lets `loadRetryMs` pass before the next try. The entry may have been read anew from a lower tier since. */
  holdOff(key: string, stale: Entry): void {
    const { store, clock, loadRetryMs } = this.#options;
    const retryAt = clock.now() + loadRetryMs;
    for (const entry of [stale, store.first?.held(key)])
      if (entry !== undefined && !isAnother(entry, stale)) entry.retryAt = retryAt;
  }

  /** Whether an entry found below makes a refresh needless: another one, or the same whose life others have lengthened. */
  #replaces(found: Entry, stale: Entry): boolean {
    const now = this.#options.clock.now();
    return found.freshUntil > now && (isAnother(found, stale) || stale.freshUntil <= now);
  }

  async #watch(refresh: Promise<unknown>, key: string, stale: Entry): Promise<void> {
    try {
      await refresh;
      this.#options.counts.refreshSuccess += 1;
    } catch (error) {
      this.#failed(key, stale, error);
    }
  }

  #failed(key: string, stale: Entry, error: unknown): void {
    const { counts, hub, name } = this.#options;
    if (this.#cancellation.cancelled) return;
    counts.refreshFailure += 1;
    this.holdOff(key, stale);
    if (hub.observed) hub.emit({ type: 'refresh-failed', cache: name, key, error });
  }
}

function isAnother(entry: Entry, other: Entry): boolean {
  return entry.origin.stamp !== other.origin.stamp;
}
