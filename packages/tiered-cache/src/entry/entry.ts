import type { Position } from '../coherence/position.ts';
import type { Place } from '../memory/eviction/queue.ts';
import type { Placed } from '../memory/eviction/record-table.ts';

/** How long a value is good for, in milliseconds. The two stale times begin when the fresh life is over. */
export interface Terms {
  /** The longest fresh life. */
  readonly ttlMs: number;
  /** The fresh life ends earlier once nobody has asked for so long; `Infinity` if it does not. */
  readonly slidingMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
}

/** Where an entry comes from, the same in every tier that holds it. */
export interface Origin {
  /** Random; tells this write from every other one. */
  readonly stamp: bigint;
  /** Epoch of the store whose positions `born` belongs to. */
  readonly epoch: bigint;
  /** Nothing that was invalidated at or before this position can have made the value outdated. */
  readonly born: Position;
  /** What the value can be invalidated by, besides its key; `undefined` for nothing. */
  readonly tags: readonly string[] | undefined;
  readonly etag: string | undefined;
  /** Given by the application; a newer version is never replaced by an older one. */
  readonly version: number | undefined;
  /** How long the load took, in milliseconds. */
  readonly loadMs: number;
}

/** The share of `slidingMs` after which a hit lengthens the life: those before it cost nothing. */
const slidingShare = 0.25;

/**
 * A value with the instants, on the monotonic clock, at which it turns from fresh to stale to gone.
 * A wall clock that jumps changes none of them.
 *
 * What each hit reads comes first, so that it lies together: a hit takes as long as it takes to fetch that from memory.
 */
export class Entry implements Placed<Entry> {
  readonly value: unknown;
  /** Until then the first tier gives it out without a further look. */
  readableUntil: number;
  used: boolean = false;
  /** As in `origin`. */
  readonly tags: readonly string[] | undefined;
  /** How many tag invalidations this process had seen when the entry was loaded here, or its tags were last found good. */
  tagsGoodAt: number = -1;
  #settled: Promise<unknown> | undefined;
  /** Until then the first tier vouches for it as fresh; a refresh may begin before. */
  heldUntil: number;
  /** Until then it cannot be older than the staleness allowed, whatever happened to the log meanwhile. */
  knownUntil: number = Infinity;
  /** It has come through a durable tier, which no lease guards: it counts only as far as the log can vouch for its key. */
  moved: boolean = false;
  place: Place<Entry> | undefined;
  readonly storedAt: number;
  readonly terms: Terms;
  readonly origin: Origin;
  #freshUntil: number;
  #retryAt: number | undefined;
  /** `undefined` for one that does not slide, or no longer. */
  #slidesAt: number | undefined;

  constructor(value: unknown, storedAt: number, terms: Terms, origin: Origin) {
    const { ttlMs, slidingMs } = terms;
    this.value = value;
    this.readableUntil = storedAt + Math.min(ttlMs, slidingMs);
    this.heldUntil = this.readableUntil;
    this.tags = origin.tags;
    this.storedAt = storedAt;
    this.terms = terms;
    this.origin = origin;
    this.#freshUntil = this.readableUntil;
    if (slidingMs < ttlMs) this.#slidesAt = storedAt + slidingShare * slidingMs;
  }

  /** Until then it is the answer. */
  get freshUntil(): number {
    return this.#freshUntil;
  }

  /** Until then it may stand in while a refresh runs. */
  get staleUntil(): number {
    return this.#freshUntil + this.terms.staleWhileRevalidateMs;
  }

  /** Until then it may stand in for a load that failed. */
  get errorUntil(): number {
    return this.#freshUntil + this.terms.staleIfErrorMs;
  }

  /** From then on it must not be given out at all. */
  get goneAt(): number {
    return Math.max(this.staleUntil, this.errorUntil);
  }

  /** Until then it can be fresh, if it is asked for often enough. */
  get lastsUntil(): number {
    return this.#slidesAt === undefined ? this.#freshUntil : this.storedAt + this.terms.ttlMs;
  }

  /** From then on a hit lengthens its life; `Infinity` for never. */
  get slidesAt(): number {
    return this.#slidesAt ?? Infinity;
  }

  /** Puts the next time off by as long as there is between two. */
  slideLater(now: number): void {
    if (this.#slidesAt !== undefined) this.#slidesAt = now + slidingShare * this.terms.slidingMs;
  }

  /** Moves the end of its fresh life, within the longest one. Nothing moves that of one that was expired. */
  slideTo(freshUntil: number): void {
    if (this.#slidesAt === undefined) return;
    const { slidingMs } = this.terms;
    this.#freshUntil = Math.min(freshUntil, this.lastsUntil);
    this.#slidesAt = this.#freshUntil - (1 - slidingShare) * slidingMs;
    if (this.#freshUntil === this.lastsUntil) this.#slidesAt = undefined;
  }

  /** Makes it stale from `at` on, if it would have been fresh for longer. It slides no more. */
  expire(at: number): void {
    this.#slidesAt = undefined;
    this.#freshUntil = Math.min(this.#freshUntil, at);
    this.heldUntil = Math.min(this.heldUntil, at);
    this.readableUntil = Math.min(this.readableUntil, at);
  }

  /** No load of this key before, because the last one failed. */
  get retryAt(): number {
    return this.#retryAt ?? -Infinity;
  }

  set retryAt(at: number) {
    this.#retryAt = at;
  }

  /** The value as a promise, made once: the second hit by promise allocates nothing. */
  get settled(): Promise<unknown> {
    return (this.#settled ??= Promise.resolve(this.value));
  }
}

/** The entry that was stored last: by the position that it was born at, for the clocks of those who stored them may differ. */
export function newer(one: Entry | undefined, other: Entry | undefined): Entry | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const { born } = one.origin;
  if (born !== other.origin.born) return born > other.origin.born ? one : other;
  return one.storedAt >= other.storedAt ? one : other;
}
