import type { Clock } from '@holdfast/core';

import type { Authority } from '../coherence/authority.ts';
import { beginning, type Position } from '../coherence/position.ts';
import { Lease } from '../coherence/lease.ts';
import { type Entry, newer } from '../entry/entry.ts';
import { markedMoved, stampOf } from '../entry/envelope.ts';
import type { Stamps } from '../entry/stamps.ts';
import type { LowerTierLevel } from '../events.ts';
import type { LowerTierStatistics } from '../statistics.ts';
import { Judge, type Look } from './judge.ts';
import type { Found } from './openings.ts';
import type { Tier } from './tier.ts';
import type { Sealed, TierWrite } from './tier-write.ts';

/** Whether one may load a key. */
export type Reservation =
  /** Load; `lease` is what to store under, absent if the tiers ask for none. */
  | { readonly outcome: 'granted'; readonly lease: Lease | undefined }
  /** Somebody else has stored something. */
  | { readonly outcome: 'stored'; readonly found: Found | undefined; readonly stamp: Uint8Array | undefined }
  /** Somebody else is loading. */
  | { readonly outcome: 'busy' }
  /** Load, but store nothing: in no tier, or in none that others see. */
  | { readonly outcome: 'settling' | 'unavailable' };

export interface LowerTiersOptions {
  /** The nearer first. */
  readonly tiers: readonly Tier[];
  /** The one that a fleet agrees through, if there is one. */
  readonly shared: Tier | undefined;
  readonly authority: Authority;
  readonly stamps: Stamps;
  readonly origin: string;
  readonly leaseMs: number;
  /** Whether tiers without leases are believed while the log cannot be read. */
  readonly unverified: 'load' | 'serve';
  readonly clock: Clock;
}

/**
 * The tiers outside this process, in their order: read from the nearest that has a good fresh entry, written all at once.
 *
 * Invariants:
 * - an entry that moves up keeps the life and the position it was born with;
 * - what is given out has been judged;
 * - a shared tier is filled under a lease only.
 */
export class LowerTiers {
  readonly #options: LowerTiersOptions;
  readonly #judge: Judge;
  readonly #leases = new Set<Lease>();

  constructor(options: LowerTiersOptions) {
    this.#options = options;
    this.#judge = new Judge(options);
  }

  /** Whether there is no such tier. */
  get absent(): boolean {
    return this.#options.tiers.length === 0;
  }

  /** Whether there is no tier beside the shared one. */
  get alone(): boolean {
    return this.#options.tiers.every((tier) => tier === this.#options.shared);
  }

  /** Whether the tier that a fleet agrees through has been met, and has answered when it was last asked. */
  get answers(): boolean {
    return this.#options.authority.isReady && this.#options.shared?.up === true;
  }

  /** Whether a fleet agrees through one of them. */
  get coherent(): boolean {
    return this.#options.shared !== undefined;
  }

  /**
   * The nearest fresh entry of each key, else the newest stale one. A fresh one moves up while `isCurrent(key)`.
   *
   * @param after - Nothing older than what was changed at this position.
   */
  async findMany(
    keys: readonly string[],
    isCurrent: (key: string) => boolean,
    after: Position,
  ): Promise<ReadonlyMap<string, Found>> {
    const { authority, tiers, shared, unverified, clock } = this.#options;
    const look = this.#look(after);
    // What is read before positions are known could be outdated by something that this process never hears of.
    const ready = authority.isReady || (await authority.ready());
    let best: ReadonlyMap<string, Found> = nothing;
    let missing = keys;
    for (const tier of tiers) {
      if (!ready && (tier === shared || unverified === 'load')) continue;
      const limitMs = look.until - clock.now();
      if (limitMs <= 0) break;
      const stillMissing: string[] = [];
      const judged = this.#judge.judged(tier, await tier.readMany(missing, limitMs), look);
      const good = judged instanceof Promise ? await judged : judged;
      const now = clock.now();
      for (const key of missing) {
        const found = good.get(key);
        if (found === undefined || found.entry.freshUntil <= now) stillMissing.push(key);
        else if (tier !== tiers[0] && isCurrent(key)) void this.#moveUp(key, found, tier);
      }
      best = best.size === 0 ? good : betterOf(best, good, now);
      missing = stillMissing;
      if (missing.length === 0) break;
    }
    return best;
  }

  /** Asks to be the one who loads `key`. @param known - Stamp of the entry that is not wanted. */
  async reserve(key: string, known: Uint8Array | undefined, limitMs?: number): Promise<Reservation> {
    const { shared, stamps, origin, leaseMs, clock, authority } = this.#options;
    if (shared === undefined) return { outcome: 'granted', lease: undefined };
    if (!authority.isReady && !(await authority.ready())) return { outcome: 'unavailable' };
    const look = this.#look(beginning);
    const terms = { token: `${origin}:${stamps.next().toString(36)}`, leaseMs, known };
    const acquired = await shared.acquire(key, terms, limitMs);
    if (acquired === undefined) return { outcome: 'unavailable' };
    if (acquired.outcome === 'granted')
      return { outcome: 'granted', lease: new Lease(shared, key, terms, clock, this.#leases) };
    if (acquired.outcome !== 'stored') return acquired;
    const opened = await shared.open(key, acquired.envelope);
    const good = opened && (await this.#judge.judged(shared, new Map([[key, opened]]), look));
    return { outcome: 'stored', found: good?.get(key), stamp: stampOf(acquired.envelope) };
  }

  /** Whether the shared tier holds an entry as good and fresh, with everything known up to a position. */
  async confirms(key: string, { origin }: Entry, position: Position): Promise<boolean> {
    const { shared, clock } = this.#options;
    const look = this.#look(position);
    const read = await shared?.readMany([key], shared.timeoutMs);
    const good = shared && read && (await this.#judge.judged(shared, read, look));
    const entry = good?.get(key)?.entry;
    return entry !== undefined && entry.origin.stamp === origin.stamp && entry.freshUntil > clock.now();
  }

  /** Hands a loaded entry to every tier but the shared one, without waiting for any. */
  fill(key: string, { entry, envelope }: Sealed): void {
    const { tiers, shared } = this.#options;
    const lifeMs = this.lifeMs(entry);
    for (const tier of tiers) if (tier !== shared) void tier.fill(key, '', envelope, lifeMs);
  }

  /**
   * Lengthens the life of an entry in every tier that holds it. Tells until when it is fresh there now, on the monotonic
   * clock; `undefined` if no tier holds it, or one holds something else.
   *
   * The shared tier is asked first: what it has replaced or expired is not lengthened in the others either.
   */
  async extend(key: string, entry: Entry, freshUntil: number): Promise<number | undefined> {
    const { tiers, shared } = this.#options;
    const first = await shared?.lives.extend(key, entry, freshUntil);
    if (first === 'refused') return undefined;
    const others = tiers.filter((tier) => tier !== shared);
    const answers = await Promise.all(others.map((tier) => tier.lives.extend(key, entry, freshUntil)));
    if (answers.includes('refused')) return undefined;
    const ends = [first, ...answers].filter((end) => typeof end === 'number');
    return ends.length === 0 ? undefined : Math.max(...ends);
  }

  /** Asks each tier in turn to do something, all at once; the shared one too. */
  each(write: (tier: Tier) => Promise<TierWrite>): Promise<readonly TierWrite[]> {
    return Promise.all(this.#options.tiers.map(write));
  }

  /** As {@link each}, without the shared tier. */
  others(write: (tier: Tier) => Promise<TierWrite>): Promise<readonly TierWrite[]> {
    const { tiers, shared } = this.#options;
    return Promise.all(tiers.filter((tier) => tier !== shared).map(write));
  }

  get shared(): Tier | undefined {
    return this.#options.shared;
  }

  statistics(): { readonly [Level in LowerTierLevel]?: LowerTierStatistics } {
    return Object.fromEntries(this.#options.tiers.map((tier) => [tier.level, tier.statistics()]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const lease of this.#leases) lease.release();
    await Promise.all(this.#options.tiers.map((tier) => tier[Symbol.asyncDispose]()));
  }

  /** What is left of the entry's life, at least 0: it may run out on its way to a tier. */
  lifeMs(entry: Entry): number {
    return Math.max(0, entry.goneAt - this.#options.clock.now());
  }

  /** Begins a look; all tiers together may take as long as each of them alone, one after the other. */
  #look(after: Position): Look {
    const { tiers, clock } = this.#options;
    const askedAt = clock.now();
    return { askedAt, after, until: tiers.reduce((sum, { timeoutMs }) => sum + timeoutMs, askedAt) };
  }

  async #moveUp(key: string, found: Found, from: Tier): Promise<void> {
    const { tiers, shared } = this.#options;
    const lifeMs = this.lifeMs(found.entry);
    for (const tier of tiers.slice(0, tiers.indexOf(from))) {
      if (tier !== shared) void tier.fill(key, '', found.envelope, lifeMs);
      else await this.#moveUpShared(key, found, lifeMs);
    }
  }

  async #moveUpShared(key: string, found: Found, lifeMs: number): Promise<void> {
    const reservation = await this.reserve(key, undefined);
    if (reservation.outcome !== 'granted') return;
    await reservation.lease?.fill(markedMoved(found.envelope), lifeMs);
  }
}

/** Stateless. */
const nothing: ReadonlyMap<string, Found> = new Map();

/** For each key what is fresh in the second tier asked, else the newer of what both hold. */
function betterOf(
  first: ReadonlyMap<string, Found>,
  second: ReadonlyMap<string, Found>,
  now: number,
): ReadonlyMap<string, Found> {
  const best = new Map(first);
  for (const [key, found] of second) {
    const isBetter = found.entry.freshUntil > now || newer(best.get(key)?.entry, found.entry) === found.entry;
    if (isBetter) best.set(key, found);
  }
  return best;
}
