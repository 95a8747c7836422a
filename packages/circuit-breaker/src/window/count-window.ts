import type { WindowSnapshot } from '../snapshot.ts';
import type { OutcomeWindow } from './outcome-window.ts';

const failedFlag = 1;
const slowFlag = 2;
const bothFlags = failedFlag | slowFlag;
const callsPerWord = 16;

/** The last `capacity` calls in a ring, two bits each: 100 calls are 28 bytes. */
export class CountWindow implements OutcomeWindow {
  calls = 0;
  failures = 0;
  slowCalls = 0;
  readonly timed = false;
  readonly #capacity: number;
  readonly #words: Uint32Array;
  /** Where the next call goes: the place of the oldest one, once the ring is full. */
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#words = new Uint32Array(Math.ceil(capacity / callsPerWord));
  }

  record(_now: number, failed: boolean, slow: boolean): void {
    this.#put((failed ? failedFlag : 0) | (slow ? slowFlag : 0));
  }

  /** Calls leave this window only for newer ones. */
  expire(): void {}

  snapshot(): WindowSnapshot {
    const oldest = this.calls < this.#capacity ? 0 : this.#next;
    const outcomes = Array.from({ length: this.calls }, (_, age) =>
      this.#at((oldest + age) % this.#capacity),
    );
    return { kind: 'calls', calls: this.#capacity, outcomes };
  }

  restore(snapshot: WindowSnapshot): void {
    if (snapshot.kind !== 'calls' || snapshot.calls !== this.#capacity) return;
    for (const outcome of snapshot.outcomes) this.#put(outcome);
  }

  #put(outcome: number): void {
    const place = this.#next;
    // Places not used yet hold 0, so that taking out what was there is right for them too.
    const oldest = this.#at(place);
    if ((outcome | oldest) !== 0) this.#replace(place, oldest, outcome);
    if (this.calls < this.#capacity) this.calls += 1;
    this.#next = place + 1 === this.#capacity ? 0 : place + 1;
  }

  #at(place: number): number {
    const word = this.#words[place >>> 4] ?? 0;
    return (word >>> ((place & 15) << 1)) & bothFlags;
  }

  #replace(place: number, before: number, after: number): void {
    this.failures += (after & failedFlag) - (before & failedFlag);
    this.slowCalls += ((after & slowFlag) - (before & slowFlag)) >> 1;
    const word = place >>> 4;
    this.#words[word] = (this.#words[word] ?? 0) ^ ((before ^ after) << ((place & 15) << 1));
  }
}
