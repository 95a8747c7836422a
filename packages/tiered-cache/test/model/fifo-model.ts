import type { Clock } from '@holdfast/core';

interface Written {
  readonly value: Uint8Array;
  readonly expiresAt: number;
  /** The place of the write among all. */
  readonly place: number;
}

/** All that was ever written, and in which order: what a cache that pushes out the oldest may hold. */
export class FifoModel {
  readonly #clock: Clock;
  #written = new Map<string, Written>();
  #places = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param kept - Those that are not too large to be kept. */
  set(entries: readonly [string, Uint8Array][], kept: readonly [string, Uint8Array][], ttlMs: number): void {
    for (const entry of entries) {
      const [key, value] = entry;
      this.#written.delete(key);
      this.#places += 1;
      if (kept.includes(entry))
        this.#written.set(key, { value, expiresAt: this.#clock.epoch() + ttlMs, place: this.#places });
    }
  }

  /** Tells how many of `keys` were among those `held`. */
  delete(keys: readonly string[], held: ReadonlyMap<string, Uint8Array>): number {
    const unique = new Set(keys);
    for (const key of unique) this.#written.delete(key);
    return [...unique].filter((key) => held.has(key)).length;
  }

  clear(): void {
    this.#written = new Map();
  }

  /** What is wrong with `held`: it was not written so or has expired, or something older stayed where it went. */
  complaints(held: ReadonlyMap<string, Uint8Array>): string[] {
    const live = new Map([...this.#written].filter(([, { expiresAt }]) => expiresAt > this.#clock.epoch()));
    const places = [...live].filter(([key]) => held.has(key)).map(([, { place }]) => place);
    const oldestHeld = Math.min(...places);
    const wrong = [...held].filter(([key, value]) => !equal(value, live.get(key)?.value));
    const unjust = [...live].filter(([key, { place }]) => !held.has(key) && place > oldestHeld);
    return [
      ...wrong.map(([key]) => `${key} is held as it was not written`),
      ...unjust.map(([key]) => `${key} was pushed out before an older one`),
    ];
  }
}

function equal(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return other !== undefined && Buffer.compare(one, other) === 0;
}
