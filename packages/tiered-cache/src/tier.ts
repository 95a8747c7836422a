import type { Cancel, Clock, EventHub, Policy } from '@holdfast/core';

import type { ICache, SharedCache } from './cache.ts';
import type { Codec } from './codec.ts';
import type { Entry } from './entry.ts';
import { unseal } from './envelope.ts';
import type { LowerTierLevel, TieredCacheEvent } from './events.ts';
import { Journal } from './journal.ts';
import type { LowerTierStatistics } from './statistics.ts';
import { TierChannel } from './tier-channel.ts';
import { WriteOrder } from './write-order.ts';

/** An entry as a tier gave it: read, and as it was written. */
export interface Found {
  readonly level: LowerTierLevel;
  readonly entry: Entry;
  readonly envelope: Uint8Array;
}

/**
 * What became of a write in one tier. `'queued'`: the tier did not take it in time. What it held before will be removed
 * there as soon as it answers, and until then this process does not believe the tier about the key.
 */
export type TierOutcome = 'applied' | 'queued';

export interface TierSetup {
  readonly level: LowerTierLevel;
  readonly cache: ICache;
  readonly timeoutMs: number;
  readonly guard: Policy;
}

export interface TierSurroundings {
  /** Name of the cache. */
  readonly name: string;
  readonly namespace: string;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly hub: EventHub<TieredCacheEvent>;
}

/** How long after a write that was not taken the tier is tried again, in milliseconds, and how many keys at once. */
const flushMs = 1_000;
const flushKeys = 100;

/**
 * One tier outside this process, made harmless: no method rejects, and each settles within the tier's timeout.
 *
 * Invariants:
 * - each key asked for counts as exactly one of hit, miss, error or skipped;
 * - operations on one key reach the tier in the order of the calls, so a read never overtakes a write;
 * - a key whose last `set` or `delete` the tier has not taken is not read there.
 */
export class Tier {
  readonly level: LowerTierLevel;
  readonly #root: ICache;
  readonly #cache: ICache;
  readonly #prefix: string;
  readonly #around: TierSurroundings;
  readonly #channel: TierChannel;
  readonly #order = new WriteOrder();
  readonly #journal = new Journal();
  readonly #counts = { hits: 0, misses: 0, errors: 0, skipped: 0, writesApplied: 0, writesFailed: 0 };
  #cancelFlush: Cancel | undefined;
  #closed = false;

  constructor({ level, cache, timeoutMs, guard }: TierSetup, around: TierSurroundings) {
    const { name, clock, hub, namespace } = around;
    this.level = level;
    this.#root = cache;
    const own = (cache as Partial<SharedCache>).bytes?.(namespace);
    this.#cache = own ?? cache;
    this.#prefix = own === undefined ? `${namespace}:` : '';
    this.#around = around;
    this.#channel = new TierChannel({ name, level, timeoutMs, guard, clock, hub });
  }

  /** What is held of `key`, unless it is gone by now. */
  async read(key: string): Promise<Found | undefined> {
    if (!this.#asks(key)) return undefined;
    const ahead = this.#order.ahead(key);
    const get = (): Promise<unknown> => this.#cache.get(this.#prefix + key);
    const attempt = await this.#channel.attempt(ahead === undefined ? get : () => ahead.then(get));
    if (attempt.outcome === 'done') return this.#judge(key, attempt.value);
    this.#counts[attempt.outcome === 'failed' ? 'errors' : 'skipped'] += 1;
    return undefined;
  }

  /** Holds what is not gone by now. */
  async readMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const asked = keys.filter((key) => this.#asks(key));
    const results = new Map<string, Found>();
    if (asked.length === 0) return results;
    const ahead = asked.map((key) => this.#order.ahead(key)).filter((promise) => promise !== undefined);
    const attempt = await this.#channel.attempt(async () => {
      if (ahead.length > 0) await Promise.all(ahead);
      return this.#cache.getMany(asked.map((key) => this.#prefix + key));
    });
    if (attempt.outcome !== 'done') {
      this.#counts[attempt.outcome === 'failed' ? 'errors' : 'skipped'] += asked.length;
      return results;
    }
    for (const key of asked) {
      const found = this.#judge(key, attempt.value.get(this.#prefix + key));
      if (found !== undefined) results.set(key, found);
    }
    return results;
  }

  /** Writes what the application says is true now. */
  set(key: string, envelope: Uint8Array, ttlMs: number): Promise<TierOutcome> {
    return this.#write(key, () => this.#cache.set(this.#prefix + key, envelope, { ttlMs }), 'owed');
  }

  /** Writes what was loaded or found elsewhere: if it is lost, that costs a load later and nothing else. */
  async fill(key: string, envelope: Uint8Array, ttlMs: number): Promise<void> {
    if (this.#closed || this.#journal.owesClear) return;
    await this.#write(key, () => this.#cache.set(this.#prefix + key, envelope, { ttlMs }), 'optional');
  }

  delete(key: string): Promise<TierOutcome> {
    return this.#write(key, () => this.#cache.delete(this.#prefix + key), 'owed');
  }

  async clear(): Promise<TierOutcome> {
    const turn = this.#order.enterAll();
    let debt = this.#journal.latest;
    const work = async (): Promise<void> => {
      await turn.ahead;
      await this.#cache.clear();
      this.#journal.settleAll(debt);
    };
    const onFailure = (): void => {
      turn.late();
      debt = this.#journal.oweClear();
      this.#flushLater();
    };
    const { outcome } = await this.#channel.attempt(work, { onFailure, onEnd: turn.done });
    return this.#count(outcome);
  }

  statistics(): LowerTierStatistics {
    return { ...this.#counts, queued: this.#journal.size, up: this.#channel.up ? 1 : 0 };
  }

  /** Waits for what is under way, at most one timeout, and disposes the tier. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#cancelFlush?.();
    await this.#channel.idle();
    await this.#root[Symbol.asyncDispose]();
  }

  /** Whether the tier can be believed about `key` and has not kept its other readers waiting. */
  #asks(key: string): boolean {
    if (!this.#journal.covers(key) && !this.#order.isLate(key)) return true;
    this.#counts.skipped += 1;
    return false;
  }

  #judge(key: string, envelope: unknown): Found | undefined {
    // A write ahead of this read may have failed while the read waited for it.
    if (this.#journal.covers(key)) {
      this.#counts.skipped += 1;
      return undefined;
    }
    const entry = this.#unseal(key, envelope);
    return entry && { level: this.level, entry, envelope: envelope as Uint8Array };
  }

  #unseal(key: string, envelope: unknown): Entry | undefined {
    const { name, codec, clock, hub } = this.#around;
    try {
      const entry = envelope === undefined ? undefined : unseal(envelope, clock, codec);
      this.#counts[entry === undefined ? 'misses' : 'hits'] += 1;
      return entry;
    } catch (error) {
      this.#counts.errors += 1;
      if (hub.observed) hub.emit({ type: 'entry-corrupted', cache: name, tier: this.level, key, error });
      return undefined;
    }
  }

  async #write(key: string, write: () => Promise<unknown>, kind: 'owed' | 'optional'): Promise<TierOutcome> {
    const turn = this.#order.enter(key);
    let debt = this.#journal.latest;
    const work = async (): Promise<void> => {
      await turn.ahead;
      await write();
      // Also when it lands late: then it pays the debt that its lateness made.
      this.#journal.settle(key, debt);
    };
    const onFailure = (): void => {
      turn.late();
      if (kind === 'optional') return;
      debt = this.#journal.owe(key);
      this.#flushLater();
    };
    const { outcome } = await this.#channel.attempt(work, { onFailure, onEnd: turn.done });
    return this.#count(outcome);
  }

  #count(outcome: 'done' | 'failed' | 'skipped'): TierOutcome {
    const taken = outcome === 'done';
    this.#counts[taken ? 'writesApplied' : 'writesFailed'] += 1;
    return taken ? 'applied' : 'queued';
  }

  #flushLater(): void {
    if (this.#closed || this.#cancelFlush !== undefined) return;
    this.#cancelFlush = this.#around.clock.schedule(() => void this.#flush(), flushMs, { background: true });
  }

  /**
   * Makes good what is owed, until something is not taken: that is owed again and schedules the next flush. A write that
   * is late but may still land is not repeated.
   */
  async #flush(): Promise<void> {
    this.#cancelFlush = undefined;
    if (this.#journal.owesClear && !this.#order.allLate) await this.clear();
    const due = this.#journal.keys().filter((key) => !this.#order.isLate(key));
    while (due.length > 0 && !this.#stopsFlush()) {
      const batch = due.splice(0, flushKeys);
      await Promise.all(batch.map((key) => this.delete(key)));
    }
    if (!this.#journal.empty) this.#flushLater();
  }

  #stopsFlush(): boolean {
    return this.#closed || this.#cancelFlush !== undefined;
  }
}
