import { minutes, seconds } from '@holdfast/core';

import { ExponentialSketch } from './exponential-sketch.ts';
import type { Resolution, WindowName } from './windows.ts';

/** Where the middle and the tail of the durations lie. For display: quantiles of several processes do not add up. */
export interface LatencyReport {
  readonly window: WindowName;
  readonly events: number;
  /** Milliseconds, within 1.1 %; missing while there are no events. */
  readonly p50Ms?: number | undefined;
  readonly p95Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
}

const views: readonly { readonly window: WindowName; readonly resolution: Resolution }[] = [
  { window: '5m', resolution: { slotMs: seconds(10), slots: 30 } },
  { window: '1h', resolution: { slotMs: minutes(5), slots: 12 } },
];

const finestMs = seconds(10);

/** Durations of the last 5 minutes and the last hour, as sketches by slots of time. Slots never used cost nothing. */
export class LatencyHistory {
  readonly #rings = views.map(({ resolution }) => new SketchRing(resolution));
  readonly #open = new ExponentialSketch();
  #openSlot: number;

  constructor(nowMs: number) {
    this.#openSlot = Math.floor(nowMs / finestMs);
  }

  add(nowMs: number, durationMs: number): void {
    const slot = Math.floor(nowMs / finestMs);
    if (slot > this.#openSlot) {
      this.#enter();
      this.#openSlot = slot;
    }
    this.#open.add(durationMs);
  }

  report(nowMs: number): readonly LatencyReport[] {
    this.#enter();
    return views.map(({ window }, index) => {
      const sketch = this.#rings[index]!.merged(nowMs);
      const events = sketch.count;
      if (events === 0) return { window, events };
      const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((ratio) => sketch.quantile(ratio));
      return { window, events, p50Ms, p95Ms, p99Ms };
    });
  }

  #enter(): void {
    if (this.#open.count === 0) return;
    for (const ring of this.#rings) ring.add(this.#openSlot * finestMs, this.#open);
    this.#open.clear();
  }
}

class SketchRing {
  readonly #slotMs: number;
  readonly #slots: (Slot | undefined)[];

  constructor({ slotMs, slots }: Resolution) {
    this.#slotMs = slotMs;
    this.#slots = Array.from({ length: slots }, () => undefined);
  }

  add(atMs: number, sketch: ExponentialSketch): void {
    const number = Math.floor(atMs / this.#slotMs);
    const index = ((number % this.#slots.length) + this.#slots.length) % this.#slots.length;
    const slot = (this.#slots[index] ??= { number, sketch: new ExponentialSketch() });
    if (slot.number !== number) slot.sketch.clear();
    slot.number = number;
    slot.sketch.merge(sketch);
  }

  /** What the ring's whole length remembers; slots that time has passed over are left out. */
  merged(nowMs: number): ExponentialSketch {
    const newest = Math.floor(nowMs / this.#slotMs);
    const all = new ExponentialSketch();
    for (const slot of this.#slots) {
      if (slot !== undefined && slot.number > newest - this.#slots.length) all.merge(slot.sketch);
    }
    return all;
  }
}

interface Slot {
  /** Which one it is, counted from the start of time. */
  number: number;
  readonly sketch: ExponentialSketch;
}
