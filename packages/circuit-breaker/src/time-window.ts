import type { ResolvedTimeWindowOptions } from './options.ts';
import type { OutcomeWindow } from './outcome-window.ts';

/** What each bucket counts, side by side in one array. */
const calls = 0;
const failures = 1;
const slowCalls = 2;
const width = 3;

/**
 * The calls of the last `durationMs`, counted in a ring of buckets, with running sums. No timer: buckets that have
 * become too old are emptied when the next call is recorded, all of them after a long silence.
 *
 * A call counts for at most `durationMs`, and for no less than `durationMs` less one bucket. A clock that goes back
 * drops nothing: the call joins the newest bucket.
 */
export class TimeWindow implements OutcomeWindow {
  calls = 0;
  failures = 0;
  slowCalls = 0;
  readonly #bucketMs: number;
  readonly #buckets: number;
  readonly #counts: Uint32Array;
  /** Number of the newest bucket since the clock's zero; its place in the ring is the remainder. */
  #newest = -Infinity;
  #offset = 0;

  constructor({ durationMs, buckets }: ResolvedTimeWindowOptions) {
    this.#bucketMs = durationMs / buckets;
    this.#buckets = buckets;
    this.#counts = new Uint32Array(buckets * width);
  }

  record(now: number, failed: boolean, slow: boolean): void {
    this.expire(now);
    this.calls += 1;
    this.#add(calls);
    if (failed) {
      this.failures += 1;
      this.#add(failures);
    }
    if (slow) {
      this.slowCalls += 1;
      this.#add(slowCalls);
    }
  }

  expire(now: number): void {
    const bucket = Math.floor(now / this.#bucketMs);
    if (bucket - this.#newest >= this.#buckets) {
      this.#clear();
      this.#newest = bucket;
      this.#offset = this.#offsetOf(bucket);
    }
    while (this.#newest < bucket) {
      this.#newest += 1;
      this.#offset = this.#offsetOf(this.#newest);
      this.#empty();
    }
  }

  #clear(): void {
    this.calls = this.failures = this.slowCalls = 0;
    this.#counts.fill(0);
  }

  #offsetOf(bucket: number): number {
    return (((bucket % this.#buckets) + this.#buckets) % this.#buckets) * width;
  }

  #empty(): void {
    this.calls -= this.#countOf(calls);
    this.failures -= this.#countOf(failures);
    this.slowCalls -= this.#countOf(slowCalls);
    this.#counts.fill(0, this.#offset, this.#offset + width);
  }

  #add(field: number): void {
    this.#counts[this.#offset + field] = this.#countOf(field) + 1;
  }

  #countOf(field: number): number {
    return this.#counts[this.#offset + field] ?? 0;
  }
}
