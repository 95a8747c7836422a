import type { ResolvedTimeWindowOptions } from '../options.ts';
import type { WindowSnapshot } from '../snapshot.ts';
import type { OutcomeWindow } from './outcome-window.ts';

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
  readonly timed = true;
  readonly #bucketMs: number;
  readonly #buckets: number;
  /** Per bucket. Arrays of small integers take less room than typed arrays of so few. */
  readonly #callsIn: number[];
  // Made when they are needed: a healthy dependency has neither.
  #failuresIn: number[] | undefined;
  #slowCallsIn: number[] | undefined;
  /** Number of the newest bucket since the clock's zero; its place in the ring is the remainder. */
  #newest = -Infinity;
  #place = 0;

  constructor({ durationMs, buckets }: ResolvedTimeWindowOptions) {
    this.#bucketMs = durationMs / buckets;
    this.#buckets = buckets;
    this.#callsIn = this.#emptyRing();
  }

  record(now: number, failed: boolean, slow: boolean): void {
    this.expire(now);
    this.#add(this.#place, 1, failed ? 1 : 0, slow ? 1 : 0);
  }

  expire(now: number): void {
    const bucket = Math.floor(now / this.#bucketMs);
    if (bucket - this.#newest >= this.#buckets) this.#restartAt(bucket);
    while (this.#newest < bucket) this.#advance();
  }

  snapshot(now: number): WindowSnapshot {
    this.expire(now);
    const buckets = Array.from({ length: this.#buckets }, (_, back) => {
      const place = this.#placeOf(this.#newest - back);
      return {
        ageMs: now - (this.#newest - back) * this.#bucketMs,
        calls: this.#callsIn[place] ?? 0,
        failures: this.#failuresIn?.[place] ?? 0,
        slowCalls: this.#slowCallsIn?.[place] ?? 0,
      };
    });
    return { kind: 'duration', bucketMs: this.#bucketMs, buckets: buckets.filter(({ calls }) => calls > 0) };
  }

  restore(snapshot: WindowSnapshot, now: number, elapsedMs: number): void {
    if (snapshot.kind !== 'duration' || snapshot.bucketMs !== this.#bucketMs) return;
    this.expire(now);
    for (const { ageMs, calls, failures, slowCalls } of snapshot.buckets) {
      // Rounded: where the clocks are out of phase, a call moves by half a bucket at most.
      const start = Math.round((now - ageMs - elapsedMs) / this.#bucketMs);
      const bucket = Math.min(start, this.#newest);
      if (this.#newest - bucket < this.#buckets) this.#add(this.#placeOf(bucket), calls, failures, slowCalls);
    }
  }

  #add(place: number, calls: number, failures: number, slowCalls: number): void {
    this.calls += calls;
    this.#callsIn[place] = (this.#callsIn[place] ?? 0) + calls;
    if (failures > 0) {
      this.failures += failures;
      const failuresIn = (this.#failuresIn ??= this.#emptyRing());
      failuresIn[place] = (failuresIn[place] ?? 0) + failures;
    }
    if (slowCalls > 0) {
      this.slowCalls += slowCalls;
      const slowCallsIn = (this.#slowCallsIn ??= this.#emptyRing());
      slowCallsIn[place] = (slowCallsIn[place] ?? 0) + slowCalls;
    }
  }

  /** Every bucket is too old. */
  #restartAt(bucket: number): void {
    this.calls = this.failures = this.slowCalls = 0;
    this.#callsIn.fill(0);
    this.#failuresIn = this.#slowCallsIn = undefined;
    this.#newest = bucket;
    this.#place = this.#placeOf(bucket);
  }

  /** The oldest bucket becomes the newest. */
  #advance(): void {
    this.#newest += 1;
    const place = (this.#place = this.#placeOf(this.#newest));
    this.calls -= emptied(this.#callsIn, place);
    if (this.#failuresIn !== undefined) this.failures -= emptied(this.#failuresIn, place);
    if (this.#slowCallsIn !== undefined) this.slowCalls -= emptied(this.#slowCallsIn, place);
  }

  #placeOf(bucket: number): number {
    return ((bucket % this.#buckets) + this.#buckets) % this.#buckets;
  }

  #emptyRing(): number[] {
    return Array.from({ length: this.#buckets }, () => 0);
  }
}

/** What was in that place of the ring. */
function emptied(ring: number[], place: number): number {
  const count = ring[place] ?? 0;
  ring[place] = 0;
  return count;
}
