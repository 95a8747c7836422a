import type { Clock } from '@holdfast/core';

import type { Change } from '../coherence/coherent-store.ts';
import type { Invalidations } from '../coherence/invalidations.ts';
import type { Position } from '../coherence/position.ts';
import type { Journal } from './journal.ts';
import type { Tombstone } from './tier-write.ts';

/** How far back from the last one writes are remembered, in milliseconds, and how many keys and tags each. */
const recentMs = 5_000;
const maxNames = 1_000;

/** Names, the longest ago first. */
class RecentNames<T> {
  readonly #names = new Map<string, { readonly at: number; readonly facts: T }>();

  note(name: string, at: number, facts: T): void {
    this.#names.delete(name);
    this.#names.set(name, { at, facts });
    for (const [oldest, written] of this.#names) {
      if (written.at >= at - recentMs && this.#names.size <= maxNames) return;
      this.#names.delete(oldest);
    }
  }

  /** Those written within `recentMs` before `last`, which are then forgotten. */
  take(last: number): readonly (readonly [name: string, facts: T])[] {
    const taken = [...this.#names].filter(([, { at }]) => at >= last - recentMs);
    this.#names.clear();
    return taken.map(([name, { facts }]) => [name, facts] as const);
  }
}

/**
 * What the shared tier has acknowledged of late. It is known in this process from then on, before the tier is believed about
 * it again: the log may tell later. And it is to be told once more to whoever takes the tier's place: a server that
 * replicates asynchronously may have acknowledged what its successor has never heard of.
 *
 * Counted back from the last write and not from now, for it takes a while before a successor answers.
 */
export class RecentWrites {
  readonly #keys = new RecentNames<Tombstone | undefined>();
  readonly #tags = new RecentNames<undefined>();
  readonly #clock: Clock;
  readonly #invalidations: Invalidations;
  #clearedAt: number | undefined;
  #lastAt = 0;

  constructor(clock: Clock, invalidations: Invalidations) {
    this.#clock = clock;
    this.#invalidations = invalidations;
  }

  wrote(key: string, change: Change, position: Position, tombstone: Tombstone | undefined): void {
    this.#keys.note(key, this.#now(), tombstone);
    this.#invalidations.apply({ position, change, names: [key] });
  }

  invalidated(tags: readonly string[]): void {
    const now = this.#now();
    for (const tag of tags) this.#tags.note(tag, now, undefined);
  }

  cleared(position: Position): void {
    this.#clearedAt = this.#now();
    this.#invalidations.apply({ position, change: 'clear', names: [] });
  }

  /** Makes all that is remembered a debt of the tier, and forgets it. */
  oweTo(keys: Journal, tags: Journal): void {
    if (this.#clearedAt !== undefined && this.#clearedAt >= this.#lastAt - recentMs) keys.oweClear();
    for (const [key, tombstone] of this.#keys.take(this.#lastAt)) keys.owe(key, tombstone);
    for (const [tag] of this.#tags.take(this.#lastAt)) tags.owe(tag);
    this.#clearedAt = undefined;
  }

  #now(): number {
    this.#lastAt = this.#clock.now();
    return this.#lastAt;
  }
}
