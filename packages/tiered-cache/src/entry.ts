/** How long a value is good for, in milliseconds. The two stale times begin when `ttlMs` is over. */
export interface Terms {
  readonly ttlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
}

/**
 * A value with the instants, on the monotonic clock, at which it turns from fresh to stale to gone.
 * A wall clock that jumps changes none of them.
 */
export class Entry {
  readonly value: unknown;
  /** Until then the first tier gives it out without asking further down. First of the times, as each hit reads it. */
  readableUntil: number;
  readonly storedAt: number;
  /** When it was stored, on the writer's wall clock: the same in every tier that holds this entry. */
  readonly stamp: number;
  readonly #terms: Terms;
  #retryAt: number | undefined;
  #settled: Promise<unknown> | undefined;

  constructor(value: unknown, storedAt: number, stamp: number, terms: Terms) {
    this.value = value;
    this.readableUntil = storedAt + terms.ttlMs;
    this.storedAt = storedAt;
    this.stamp = stamp;
    this.#terms = terms;
  }

  /** Until then it is the answer. */
  get freshUntil(): number {
    return this.storedAt + this.#terms.ttlMs;
  }

  /** Until then it may stand in while a refresh runs. */
  get staleUntil(): number {
    return this.freshUntil + this.#terms.staleWhileRevalidateMs;
  }

  /** Until then it may stand in for a load that failed. */
  get errorUntil(): number {
    return this.freshUntil + this.#terms.staleIfErrorMs;
  }

  /** From then on it must not be given out at all. */
  get goneAt(): number {
    return Math.max(this.staleUntil, this.errorUntil);
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

/** The entry that was stored last. */
export function newer(one: Entry | undefined, other: Entry | undefined): Entry | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.storedAt >= other.storedAt ? one : other;
}
