import type { Resolution } from './windows.ts';

/**
 * Counts by slots of time, in a ring that moves on when it is used and needs no timer. Time is any clock that does
 * not go back; what comes late counts in the newest slot.
 *
 * Invariant: a slot holds exactly what was added in it since the ring last came round to it.
 */
export class EventRing {
  readonly #slotMs: number;
  readonly #slots: number;
  readonly #width: number;
  readonly #counts: Float64Array;
  #newest = -Infinity;

  /** @param width - Counts per slot. */
  constructor({ slotMs, slots }: Resolution, width: number) {
    this.#slotMs = slotMs;
    this.#slots = slots;
    this.#width = width;
    this.#counts = new Float64Array(slots * width);
  }

  /** The longest window that it can answer for. */
  get lengthMs(): number {
    return this.#slotMs * this.#slots;
  }

  add(atMs: number, counts: Float64Array): void {
    const start = this.#startOf(this.#advance(atMs));
    for (let column = 0; column < this.#width; column += 1) this.#counts[start + column]! += counts[column]!;
  }

  /** The counts of the slots that make up the last `windowMs`, the one that is still filling included. */
  sum(nowMs: number, windowMs: number): Float64Array {
    const newest = this.#advance(nowMs);
    const sums = new Float64Array(this.#width);
    const reach = Math.min(this.#slots, Math.round(windowMs / this.#slotMs));
    for (let slot = newest - reach + 1; slot <= newest; slot += 1) {
      const start = this.#startOf(slot);
      for (let column = 0; column < this.#width; column += 1) sums[column]! += this.#counts[start + column]!;
    }
    return sums;
  }

  /** Empties the slots that time has passed over, and names the one that is filling. */
  #advance(nowMs: number): number {
    const slot = Math.floor(nowMs / this.#slotMs);
    if (slot <= this.#newest) return this.#newest;
    const passed = Math.min(this.#slots, slot - this.#newest);
    for (let index = slot - passed + 1; index <= slot; index += 1) {
      const start = this.#startOf(index);
      this.#counts.fill(0, start, start + this.#width);
    }
    this.#newest = slot;
    return slot;
  }

  #startOf(slot: number): number {
    return (((slot % this.#slots) + this.#slots) % this.#slots) * this.#width;
  }
}
