import type { Acquisition, LeaseTerms, StoreState, TagState } from '../coherence/coherent-store.ts';
import type { TagChange } from '../coherence/invalidations.ts';
import type { FillOutcome } from '../coherence/lease.ts';
import type { Position } from '../coherence/position.ts';
import { type Moment, momentOf } from '../entry/envelope.ts';
import type { LowerTierLevel } from '../events.ts';
import type { LowerTierStatistics } from '../statistics.ts';
import { Journal } from './journal.ts';
import { JournalFlush } from './journal-flush.ts';
import { type Found, Openings } from './openings.ts';
import { type AttemptTerms, TierChannel } from './tier-channel.ts';
import { newCounts } from './tier-counts.ts';
import { TierLives } from './tier-lives.ts';
import type { TierSetup, TierSurroundings } from './tier-setup.ts';
import type { TierStore } from './tier-store.ts';
import { type Sealed, type TierWrite, type TierWriteTerms, type Tombstone, writtenAs } from './tier-write.ts';
import { WriteOrder } from './write-order.ts';

/** What a store answers to a write; nothing if its place in the log is not asked for. */
type Answer = Position | 'refused' | undefined;

/** What a store gave for the keys that it was asked for. */
type Held = Pick<ReadonlyMap<string, Uint8Array>, 'get'>;

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
  readonly ttlMs: number;
  readonly timeoutMs: number;
  readonly lives: TierLives;
  readonly #store: TierStore;
  readonly #around: TierSurroundings;
  readonly #channel: TierChannel;
  readonly #order = new WriteOrder();
  readonly #keysOwed = new Journal();
  readonly #tagsOwed = new Journal();
  readonly #flush: JournalFlush;
  readonly #counts = newCounts();
  readonly #openings: Openings;
  #closed = false;

  constructor(setup: Omit<TierSetup, 'cache'>, store: TierStore, around: TierSurroundings) {
    const { level, timeoutMs, ttlMs, guard } = setup;
    const { name, clock, hub } = around;
    this.level = level;
    this.ttlMs = ttlMs;
    this.timeoutMs = timeoutMs;
    this.#store = store;
    this.#around = around;
    this.#channel = new TierChannel({ name, level, timeoutMs, guard, clock, hub });
    this.#openings = new Openings(level, around, this.#counts);
    this.lives = new TierLives(store, this.#channel, this.#order, this.#keysOwed, { ttlMs, clock });
    this.#flush = new JournalFlush(this, this.#keysOwed, this.#tagsOwed, this.#order, clock);
  }

  /** Whether the last operation worked. */
  get up(): boolean {
    return this.#channel.up;
  }

  /** Whether the tier cannot be believed about `key`, because it has not taken what it was told. */
  owes(key: string): boolean {
    return this.#keysOwed.covers(key);
  }

  /** What is held of `keys` and not gone by now, in one operation but for keys whose writes are under way. */
  async readMany(keys: readonly string[], limitMs: number): Promise<Map<string, Found>> {
    const results = new Map<string, Found>();
    const asked: string[] = [];
    const behind: Promise<void>[] = [];
    for (const key of keys) {
      if (!this.#asks(key)) continue;
      const ahead = this.#order.ahead(key);
      if (ahead === undefined) asked.push(key);
      else behind.push(this.#readInto(results, [key], ahead, limitMs));
    }
    if (asked.length > 0) await this.#readInto(results, asked, undefined, limitMs);
    if (behind.length > 0) await Promise.all(behind);
    return results;
  }

  /** Opens what the tier has given otherwise than by a read. */
  async open(key: string, envelope: Uint8Array): Promise<Found | undefined> {
    return this.#openings.open(key, envelope, momentOf(this.#around.clock));
  }

  /** Asks to be the one who loads `key`; `undefined` if the tier does not answer or cannot be believed about it. */
  async acquire(key: string, terms: LeaseTerms, limitMs?: number): Promise<Acquisition | undefined> {
    if (this.#keysOwed.covers(key) || this.#order.isLate(key)) return undefined;
    const ahead = this.#order.ahead(key);
    let isWanted = true;
    const acquire = async (): Promise<Acquisition | undefined> => {
      const given = await this.#store.acquire(key, terms);
      // A write ahead may have failed while this waited for it.
      if (isWanted && !this.#keysOwed.covers(key)) return given;
      // Others would wait for a load that nobody does. Past the guard, which may leave the tier alone: it has just answered.
      if (given.outcome === 'granted') void this.#store.release(key, terms.token).catch(() => undefined);
      return undefined;
    };
    const work = ahead === undefined ? acquire : () => ahead.then(acquire);
    const attempt = await this.#channel.attempt(work, { limitMs });
    isWanted = attempt.outcome === 'done';
    return attempt.outcome === 'done' ? attempt.value : undefined;
  }

  /** Tells whether the lease is still held; `undefined` if the tier does not answer. */
  async renew(key: string, terms: LeaseTerms): Promise<boolean | undefined> {
    const attempt = await this.#channel.attempt(() => this.#store.renew(key, terms));
    return attempt.outcome === 'done' ? attempt.value : undefined;
  }

  async release(key: string, token: string): Promise<void> {
    await this.#channel.attempt(() => this.#store.release(key, token));
  }

  /** Writes what was loaded or found elsewhere: if it is lost, that costs a load later and nothing else. */
  async fill(
    key: string,
    token: string,
    envelope: Uint8Array,
    ttlMs: number,
    limitMs?: number,
  ): Promise<FillOutcome> {
    if (this.#closed || this.#keysOwed.owesClear) return 'failed';
    const terms = { ttlMs: Math.min(ttlMs, this.ttlMs) };
    const write = async (): Promise<'refused' | undefined> =>
      (await this.#store.fill(key, token, envelope, terms)) ? undefined : 'refused';
    const { outcome } = await this.#write(key, write, { limitMs });
    return outcome === 'queued' ? 'failed' : outcome;
  }

  /** Writes what the application says is true now. */
  set(key: string, sealing: Sealed | Promise<Sealed>, tombstone?: Tombstone): Promise<TierWrite> {
    const { clock, origin } = this.#around;
    const write = async (): Promise<Position | 'refused'> => {
      const { entry, envelope } = sealing instanceof Promise ? await sealing : sealing;
      const ttlMs = Math.min(this.ttlMs, Math.max(0, entry.goneAt - clock.now()));
      return (await this.#store.set(key, envelope, { ttlMs, origin })) ?? 'refused';
    };
    return this.#write(key, write, { change: 'set', tombstone });
  }

  delete(key: string, tombstone?: Tombstone): Promise<TierWrite> {
    const { origin, settleMs } = this.#around;
    const terms = { origin, settleMs, tombstone };
    return this.#write(key, () => this.#store.delete([key], terms), { change: 'delete', tombstone });
  }

  /** @param at - In milliseconds since 1970. */
  expire(key: string, at: number): Promise<TierWrite> {
    const { origin } = this.#around;
    return this.#write(key, () => this.#store.expire([key], at, { origin }), { change: 'expire' });
  }

  /**
   * Owes the tier once more what it has acknowledged of late, as removals: whoever has taken its place may not have heard of
   * it. Until then it is not believed about that.
   */
  repeat(): void {
    this.#around.recent?.oweTo(this.#keysOwed, this.#tagsOwed);
    this.#flush.later(0);
  }

  async invalidateTags(tags: readonly string[], change: TagChange): Promise<TierWrite> {
    const { origin, invalidations, recent } = this.#around;
    const debt = this.#tagsOwed.latest;
    const { tagChanges } = invalidations;
    // What was written before bears a position from before.
    const ahead = this.#order.aheadOfAll();
    const onFailure = (): void => {
      for (const tag of tags) this.#tagsOwed.owe(tag);
      if (this.#tagsOwed.owesClear) this.#keysOwed.oweClear();
      this.#flush.later();
    };
    const work = async (): Promise<Position> => {
      await ahead;
      const position = await this.#store.invalidateTags(tags, change, { origin });
      recent?.invalidated(tags);
      for (const tag of tags) this.#tagsOwed.settle(tag, debt);
      invalidations.settleTags(tags, change, position, tagChanges);
      return position;
    };
    return this.#tell(work, { watch: { onFailure, onEnd: () => undefined } });
  }

  async clear(): Promise<TierWrite> {
    const { origin, invalidations, recent } = this.#around;
    const turn = this.#order.enterAll();
    let debt = this.#keysOwed.latest;
    const tagDebt = this.#tagsOwed.latest;
    const { tagChanges } = invalidations;
    const work = async (): Promise<Position> => {
      await turn.ahead;
      const position = await this.#store.clear({ origin });
      recent?.cleared(position);
      this.#keysOwed.settleAll(debt);
      this.#tagsOwed.settleAll(tagDebt);
      invalidations.settleAllTags(position, tagChanges);
      return position;
    };
    const onFailure = (): void => {
      turn.late();
      debt = this.#keysOwed.oweClear();
      this.#flush.later();
    };
    return this.#tell(work, { watch: { onFailure, onEnd: turn.done } });
  }

  /** What the store remembers now; `undefined` if it does not answer. */
  async state(limitMs: number): Promise<StoreState | undefined> {
    const attempt = await this.#channel.attempt(() => this.#store.state(), { limitMs });
    return attempt.outcome === 'done' ? attempt.value : undefined;
  }

  /** When each of `tags` was invalidated; `undefined` if the tier does not answer. */
  async tags(tags: readonly string[], limitMs: number): Promise<ReadonlyMap<string, TagState> | undefined> {
    const attempt = await this.#channel.attempt(() => this.#store.tags(tags), { limitMs });
    return attempt.outcome === 'done' ? attempt.value : undefined;
  }

  statistics(): LowerTierStatistics {
    return { ...this.#counts, queued: this.#keysOwed.size + this.#tagsOwed.size, up: this.up ? 1 : 0 };
  }

  /** Waits for what is under way, at most one timeout. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.lives[Symbol.dispose]();
    this.#flush[Symbol.dispose]();
    await this.#channel.idle();
  }

  /** Whether the tier can be believed about `key` and has not kept its other readers waiting. */
  #asks(key: string): boolean {
    if (!this.#keysOwed.covers(key) && !this.#order.isLate(key)) return true;
    this.#counts.skipped += 1;
    return false;
  }

  async #readInto(
    results: Map<string, Found>,
    keys: readonly string[],
    ahead: Promise<unknown> | undefined,
    limitMs: number,
  ): Promise<void> {
    const get = (): Promise<Held> => this.#get(keys);
    const work = ahead === undefined ? get : () => ahead.then(get);
    const attempt = await this.#channel.attempt(work, { limitMs });
    if (attempt.outcome !== 'done') {
      this.#counts[attempt.outcome === 'failed' ? 'errors' : 'skipped'] += keys.length;
      return;
    }
    const moment = momentOf(this.#around.clock);
    for (const key of keys) {
      const opened = this.#judge(key, attempt.value.get(key), moment);
      const found = opened instanceof Promise ? await opened : opened;
      if (found !== undefined) results.set(key, found);
    }
  }

  /** One key is a plain read: it may be cheaper, and it is what people look for in a server's statistics. */
  #get(keys: readonly string[]): Promise<Held> {
    const [only] = keys;
    if (only === undefined || keys.length > 1) return this.#store.getMany(keys);
    return this.#store.get(only).then((envelope) => ({ get: () => envelope }));
  }

  #judge(key: string, envelope: Uint8Array | undefined, moment: Moment): ReturnType<Openings['open']> {
    // A write ahead of this read may have failed while the read waited for it.
    if (this.#keysOwed.covers(key)) {
      this.#counts.skipped += 1;
      return undefined;
    }
    return this.#openings.open(key, envelope, moment);
  }

  async #write(
    key: string,
    write: () => Promise<Answer>,
    { change, limitMs, tombstone }: TierWriteTerms,
  ): Promise<TierWrite> {
    const turn = this.#order.enter(key);
    let debt = this.#keysOwed.latest;
    const work = async (): Promise<Answer> => {
      await turn.ahead;
      const result = await write();
      if (change && typeof result === 'bigint') this.#around.recent?.wrote(key, change, result, tombstone);
      // Also when it lands late: then it pays the debt that its lateness made.
      this.#keysOwed.settle(key, debt);
      return result;
    };
    const onFailure = (): void => {
      turn.late();
      if (change === undefined) return;
      debt = this.#keysOwed.owe(key, tombstone);
      this.#flush.later();
    };
    return this.#tell(work, { limitMs, watch: { onFailure, onEnd: turn.done } });
  }

  async #tell(work: () => Promise<Answer>, terms: AttemptTerms): Promise<TierWrite> {
    return writtenAs(this.level, this.#counts, await this.#channel.attempt(work, terms));
  }
}
