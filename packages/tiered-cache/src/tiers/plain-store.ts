import type { Clock } from '@holdfast/core';

import type { ICache } from '../cache.ts';
import type {
  Acquisition,
  ChangeTerms,
  DeleteTerms,
  Extended,
  Extension,
  LeaseTerms,
  StoreState,
  StoreTerms,
  TagState,
} from '../coherence/coherent-store.ts';
import { type Position, readPosition, writePosition } from '../coherence/position.ts';
import { bufferOf } from '../values/bytes.ts';
import { stampOf } from '../entry/envelope.ts';
import { layout } from '../entry/layout.ts';
import type { TierStore } from './tier-store.ts';

/** Where a plain store gets its positions from. */
export interface Positions {
  next(): Position;
}

/** Bytes of what is kept of a tag: when it was deleted and when it was expired. */
const tagBytes = 32;

/**
 * Any cache as a store for a tier. It has no leases and no log: whoever asks may load, and fills are unconditional. What
 * is remembered of a tag is kept beside the entries, so that it outlives the process.
 */
export class PlainStore implements TierStore {
  readonly #cache: ICache;
  readonly #prefix: string;
  readonly #positions: Positions;
  readonly #clock: Clock;
  readonly #ttlMs: number;
  /** The marking of tags under way: one is read, changed and written after the other. */
  #marking: Promise<unknown> = Promise.resolve();

  /**
   * @param prefix - Before every key; empty where the cache is ours alone.
   * @param ttlMs - Longest life of an entry here, in milliseconds.
   */
  constructor(cache: ICache, prefix: string, positions: Positions, clock: Clock, ttlMs: number) {
    this.#cache = cache;
    this.#prefix = prefix;
    this.#positions = positions;
    this.#clock = clock;
    this.#ttlMs = ttlMs;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    // What comes out may be anything; the envelope is checked by whoever opens it.
    return this.#cache.get(this.#entryKey(key)) as Promise<Uint8Array | undefined>;
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const found = await this.#cache.getMany(keys.map((key) => this.#entryKey(key)));
    const entries = keys.map(
      (key) => [key, found.get(this.#entryKey(key)) as Uint8Array | undefined] as const,
    );
    return new Map(entries.filter((entry): entry is readonly [string, Uint8Array] => entry[1] !== undefined));
  }

  async acquire(_key: string, _terms: LeaseTerms): Promise<Acquisition> {
    return { outcome: 'granted' };
  }

  async renew(): Promise<boolean> {
    return true;
  }

  async fill(key: string, _token: string, envelope: Uint8Array, { ttlMs }: StoreTerms): Promise<boolean> {
    await this.#cache.set(this.#entryKey(key), envelope, { ttlMs });
    return true;
  }

  async release(): Promise<void> {
    // There are no leases.
  }

  async extend(key: string, { stamp, freshUntil, ttlMs }: Extension): Promise<Extended> {
    const held = await this.get(key);
    const holder = stampOf(held);
    if (holder === undefined) return undefined;
    const envelope = Buffer.from(held as Uint8Array);
    if (!bufferOf(holder).equals(stamp) || envelope.readDoubleLE(layout.slidingAt) === Infinity)
      return 'refused';
    const before = envelope.readDoubleLE(layout.freshUntilAt);
    if (before >= freshUntil) return before;
    envelope.writeDoubleLE(freshUntil, layout.freshUntilAt);
    await this.#cache.set(this.#entryKey(key), envelope, { ttlMs });
    return freshUntil;
  }

  async set(key: string, envelope: Uint8Array, { ttlMs }: StoreTerms & ChangeTerms): Promise<Position> {
    await this.#cache.set(this.#entryKey(key), envelope, { ttlMs });
    return this.#positions.next();
  }

  async delete(keys: readonly string[], _terms: DeleteTerms): Promise<Position> {
    await Promise.all(keys.map((key) => this.#cache.delete(this.#entryKey(key))));
    return this.#positions.next();
  }

  async expire(keys: readonly string[], at: number, _terms: ChangeTerms): Promise<Position> {
    await Promise.all(keys.map((key) => this.#expire(key, at)));
    return this.#positions.next();
  }

  async invalidateTags(tags: readonly string[], change: 'delete-tags' | 'expire-tags'): Promise<Position> {
    const position = this.#positions.next();
    const before = this.#marking;
    const mark = async (): Promise<void> => {
      await before.catch(() => undefined);
      await this.#mark(tags, change, position);
    };
    const marked = mark();
    this.#marking = marked;
    await marked;
    return position;
  }

  async clear(_terms: ChangeTerms): Promise<Position> {
    await this.#cache.clear();
    return this.#positions.next();
  }

  async state(): Promise<StoreState> {
    return { epoch: 0n, cleared: 0n, tagFloor: 0n };
  }

  async tags(tags: readonly string[]): Promise<ReadonlyMap<string, TagState>> {
    const found = await this.#cache.getMany(tags.map((tag) => this.#tagKey(tag)));
    const states = new Map<string, TagState>();
    for (const tag of tags) {
      const mark = found.get(this.#tagKey(tag));
      if (!(mark instanceof Uint8Array) || mark.length !== tagBytes) continue;
      const bytes = bufferOf(mark);
      states.set(tag, { deleted: readPosition(bytes, 0), expired: readPosition(bytes, tagBytes / 2) });
    }
    return states;
  }

  async #mark(
    tags: readonly string[],
    change: 'delete-tags' | 'expire-tags',
    position: Position,
  ): Promise<void> {
    const states = await this.tags(tags);
    const marks = tags.map((tag): [string, Uint8Array] => {
      const { deleted, expired } = states.get(tag) ?? { deleted: 0n, expired: 0n };
      const mark = Buffer.alloc(tagBytes);
      writePosition(mark, change === 'delete-tags' && position > deleted ? position : deleted, 0);
      writePosition(mark, change === 'expire-tags' && position > expired ? position : expired, tagBytes / 2);
      return [this.#tagKey(tag), mark];
    });
    await Promise.all(marks.map(([key, mark]) => this.#cache.set(key, mark)));
  }

  async #expire(key: string, at: number): Promise<void> {
    const held = await this.get(key);
    if (!(held instanceof Uint8Array) || held.length < layout.etagAt) return;
    const envelope = Buffer.from(held);
    const read = (offset: number): number => envelope.readDoubleLE(offset);
    envelope.writeDoubleLE(Math.min(at, read(layout.freshUntilAt)), layout.freshUntilAt);
    envelope.writeDoubleLE(Infinity, layout.slidingAt);
    const staleMs = Math.max(read(layout.staleWhileRevalidateAt), read(layout.staleIfErrorAt));
    const goneAt = Math.min(read(layout.freshUntilAt) + staleMs, read(layout.storedAtAt) + this.#ttlMs);
    const ttlMs = Math.max(0, goneAt - this.#clock.epoch());
    await this.#cache.set(this.#entryKey(key), envelope, { ttlMs });
  }

  #entryKey(key: string): string {
    return `${this.#prefix}v:${key}`;
  }

  #tagKey(tag: string): string {
    return `${this.#prefix}t:${tag}`;
  }
}
