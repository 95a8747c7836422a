import { EventRing } from './event-ring.ts';
import { resolutions } from './windows.ts';

const finestMs = resolutions[0]!.slotMs;

/**
 * Counts for every window up to 30 days. Events are collected for as long as the finest slot lasts and then entered
 * in all rings at once, so that counting one touches nothing but the open slot.
 */
export class EventHistory {
  readonly #rings: readonly EventRing[];
  readonly #totals: Float64Array;
  readonly #open: Float64Array;
  #openSlot = 0;

  /** @param width - Kinds of event that are counted. */
  constructor(width: number, nowMs: number) {
    this.#rings = resolutions.map((resolution) => new EventRing(resolution, width));
    this.#totals = new Float64Array(width);
    this.#open = new Float64Array(width);
    this.#openSlot = Math.floor(nowMs / finestMs);
  }

  /** The counts of the slot that time is in; add to them at once and do not keep them. */
  open(nowMs: number): Float64Array {
    const slot = Math.floor(nowMs / finestMs);
    if (slot > this.#openSlot) {
      this.#enter();
      this.#openSlot = slot;
    }
    return this.#open;
  }

  /** Counts of the last `windowMs`, to the slot. */
  sum(nowMs: number, windowMs: number): Float64Array {
    this.#enter();
    const ring = this.#rings.find(({ lengthMs }) => lengthMs >= windowMs) ?? this.#rings.at(-1)!;
    return ring.sum(nowMs, windowMs);
  }

  /** Counts since the beginning. */
  totals(): Float64Array {
    this.#enter();
    return this.#totals.slice();
  }

  #enter(): void {
    const atMs = this.#openSlot * finestMs;
    for (const ring of this.#rings) ring.add(atMs, this.#open);
    for (const [column, count] of this.#open.entries()) this.#totals[column]! += count;
    this.#open.fill(0);
  }
}
