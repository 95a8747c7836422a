import {
  CancellationSource,
  cancellationOf,
  type Clock,
  type OperationContext,
  throwIfCancelled,
} from '@holdfast/core';

import type { Authority } from '../coherence/authority.ts';
import type { Lease } from '../coherence/lease.ts';
import type { Counts } from '../counts.ts';
import type { Entry, Terms } from '../entry/entry.ts';
import { stampBytes } from '../entry/stamps.ts';
import type { LoadContext, Loader } from '../loader.ts';
import type { ValueGuard } from '../values/copies.ts';
import type { Reservation } from '../tiers/lower-tiers.ts';
import type { EntryStore, Loaded } from './entry-store.ts';
import type { IsCurrent } from './flights.ts';
import { LoadRun } from './load-run.ts';
import type { Patience } from './patience.ts';

export interface LoadingOptions {
  readonly store: EntryStore;
  readonly authority: Authority;
  readonly counts: Counts;
  readonly clock: Clock;
  readonly random: () => number;
  /** Longest wait for somebody else's load, in milliseconds. */
  readonly leaseWaitMs: number;
  /** Life of `null`, in milliseconds; `undefined` for that of any value. */
  readonly negativeTtlMs: number | undefined;
  readonly guard: ValueGuard;
}

/** What is to be loaded. */
export interface LoadRequest {
  readonly key: string;
  readonly loader: Loader<unknown>;
  readonly terms: Terms;
  readonly tags: readonly string[] | undefined;
  readonly patience: Patience;
  /** Called when somebody else is found to be loading the key, in this process or another. */
  readonly onBusy?: (() => void) | undefined;
}

/** One load under way. */
export interface Load {
  readonly request: LoadRequest;
  readonly context: OperationContext;
  readonly isCurrent: IsCurrent;
  readonly reason: LoadContext['reason'];
  /** What is held and not wanted, for the loader to look at. */
  readonly stale: Entry | undefined;
  /** Shares the load of those who came after the key was invalidated. */
  readonly joinLater: () => Promise<unknown>;
}

/** Where a loaded value may be stored. */
type Keeping = 'nowhere' | 'here' | 'everywhere' | Lease;

/** Pauses between two looks at a key that somebody else loads, in milliseconds. */
const firstPollMs = 2;
const longestPollMs = 50;

/**
 * Loads keys, one at a time each: asks the shared tier for the lease, waits for whoever else has it, runs the loader and
 * stores what it brings.
 *
 * Invariants:
 * - while the shared tier answers, a loader runs only under its lease, or after `leaseWaitMs` of waiting for another's;
 * - a value is stored only if its key has not been invalidated since its load began, and bears the position of that moment.
 */
export class Loading {
  readonly #options: LoadingOptions;
  readonly #disposal = new CancellationSource();

  constructor(options: LoadingOptions) {
    this.#options = options;
  }

  /** Nobody waits for somebody else's load any longer. */
  dispose(reason: unknown): void {
    this.#disposal.cancel(reason);
  }

  async load(load: Load): Promise<unknown> {
    const { store, counts, clock, leaseWaitMs } = this.#options;
    const { request, isCurrent, stale } = load;
    const giveUpAt = clock.now() + leaseWaitMs;
    let pollMs = firstPollMs;
    let known: Uint8Array | undefined = stale && stampBytes(stale.origin.stamp);
    let looksAgain = false;
    for (;;) {
      const reserve = (limitMs?: number): Promise<Reservation> =>
        store.lower.reserve(request.key, known, limitMs);
      // A tier that answers keeps nobody waiting, however often it is asked whether somebody else has done.
      const reservation = await (looksAgain ? reserve() : request.patience.spend(reserve));
      const outcome = reservation?.outcome ?? 'unavailable';
      if (store.lower.coherent) counts.leases[outcome] += 1;
      if (reservation?.outcome === 'granted') return this.#run(load, reservation.lease ?? 'everywhere');
      if (outcome === 'settling') return this.#run(load, 'nowhere');
      if (outcome === 'unavailable') return this.#run(load, 'here');
      if (reservation?.outcome === 'stored') {
        const { found, stamp } = reservation;
        if (found !== undefined && found.entry.freshUntil > clock.now()) {
          if (isCurrent()) store.first?.hold(request.key, found.entry, found.asOf);
          return found.entry.value;
        }
        known = stamp;
      }
      if (clock.now() >= giveUpAt) return this.#run(load, 'nowhere');
      if (outcome === 'busy') {
        request.onBusy?.();
        await this.#pause(pollMs, load.context);
        pollMs = Math.min(longestPollMs, 2 * pollMs);
        looksAgain = true;
      }
    }
  }

  async #run(load: Load, keeping: Keeping): Promise<unknown> {
    const { authority, counts, clock, guard } = this.#options;
    const { request, context, reason, stale } = load;
    if (!load.isCurrent()) {
      // Invalidated before the loader has begun: it must not run beside that of those who came after.
      if (typeof keeping === 'object') keeping.release();
      request.onBusy?.();
      return load.joinLater();
    }
    const lease = typeof keeping === 'object' ? keeping : undefined;
    const stopListening = lease && cancellationOf(context)?.onCancel(() => lease.release());
    const born = authority.born();
    const { tagChanges } = authority.invalidations;
    const startedAt = clock.now();
    const run = new LoadRun(context, request, reason, stale, guard);
    try {
      const value = guard.keep(await request.loader(run));
      counts.loadSuccess += 1;
      const loadMs = clock.now() - startedAt;
      await this.#keep(load, { value, born, tagChanges, startedAt, loadMs, ...run.facts }, keeping);
      return value;
    } catch (error) {
      counts.loadFailure += 1;
      lease?.release();
      throw error;
    } finally {
      stopListening?.();
    }
  }

  async #keep(load: Load, loaded: Loaded, keeping: Keeping): Promise<void> {
    const { store } = this.#options;
    const { isCurrent, request } = load;
    const { value, skipped } = loaded;
    const entry =
      !isCurrent() || skipped || value === undefined
        ? undefined
        : store.entryOf({ ...loaded, terms: this.#termsOf(loaded) });
    if (entry === undefined || keeping === 'nowhere' || store.lower.lifeMs(entry) === 0) {
      if (typeof keeping === 'object') keeping.release();
      // What was held is not true any more.
      if (isCurrent() && !skipped && load.reason !== 'miss' && keeping !== 'nowhere') this.#drop(request.key);
      return;
    }
    if (typeof keeping === 'object') await this.#keepUnder(keeping, load, entry, loaded.startedAt);
    else await this.#keepHere(load, entry, loaded.startedAt, keeping);
  }

  /** Stores in the shared tier if the lease is still held, and only then anywhere else. */
  async #keepUnder(lease: Lease, load: Load, entry: Entry, startedAt: number): Promise<void> {
    const { store, counts } = this.#options;
    const { request, isCurrent } = load;
    const sealed = await store.sealOrTell(request.key, entry);
    if (sealed === undefined) {
      lease.release();
      if (isCurrent()) store.first?.hold(request.key, entry, startedAt);
      if (load.reason !== 'miss') this.#dropLower(request.key);
      return;
    }
    const lifeMs = store.lower.lifeMs(entry);
    const outcome = await request.patience.spend((limitMs) => lease.fill(sealed.envelope, lifeMs, limitMs));
    if (outcome === undefined) lease.release();
    if (outcome === 'refused') counts.fillRefused += 1;
    if (outcome === 'refused' || !isCurrent()) return;
    store.first?.hold(request.key, entry, startedAt);
    if (outcome === 'applied') store.lower.fill(request.key, sealed);
  }

  async #keepHere(
    { request, isCurrent }: Load,
    entry: Entry,
    startedAt: number,
    keeping: 'here' | 'everywhere',
  ): Promise<void> {
    const { store, authority } = this.#options;
    const { key } = request;
    // No lease was there to be lost.
    if (keeping === 'here' && authority.invalidations.hasChanged(key, entry)) return;
    store.first?.hold(key, entry, startedAt);
    // Without an epoch nobody could tell later what the entry is worth.
    const unknown = keeping === 'here' && authority.invalidations.epoch === 0n;
    if (store.lower.absent || unknown) return;
    const sealed = await store.sealOrTell(key, entry);
    if (!isCurrent()) return;
    if (sealed === undefined) this.#dropLower(key);
    else store.lower.fill(key, sealed);
  }

  /** Removes what is held of a key whose loader found nothing, or nothing to keep. */
  #drop(key: string): void {
    this.#options.store.first?.drop(key);
    this.#dropLower(key);
  }

  #dropLower(key: string): void {
    void this.#options.store.lower.each((tier) => tier.delete(key));
  }

  #termsOf({ value, terms }: Loaded): Terms {
    const { negativeTtlMs } = this.#options;
    return value === null && negativeTtlMs !== undefined ? { ...terms, ttlMs: negativeTtlMs } : terms;
  }

  /** Ends early when nobody waits for the load any longer. */
  async #pause(ms: number, context: OperationContext): Promise<void> {
    const { clock, random } = this.#options;
    throwIfCancelled(context);
    if (this.#disposal.cancelled) throw this.#disposal.reason;
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        for (const end of ends) end?.();
      };
      const leave = (reason: unknown): void => {
        stop();
        reject(reason);
      };
      const wake = (): void => {
        stop();
        resolve();
      };
      const ends = [
        clock.schedule(wake, ms * (0.5 + random())),
        cancellationOf(context)?.onCancel(leave),
        this.#disposal.onCancel(leave),
      ];
    });
  }
}
