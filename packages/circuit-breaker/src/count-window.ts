import type { OutcomeWindow } from './outcome-window.ts';

const failedFlag = 1;
const slowFlag = 2;

/** The last `capacity` calls, one byte each in a ring. */
export class CountWindow implements OutcomeWindow {
  calls = 0;
  failures = 0;
  slowCalls = 0;
  readonly #ring: Uint8Array;
  /** Where the next call goes: the place of the oldest one, once the ring is full. */
  #next = 0;

  constructor(capacity: number) {
    this.#ring = new Uint8Array(capacity);
  }

  record(_now: number, failed: boolean, slow: boolean): void {
    const ring = this.#ring;
    // Places not used yet hold 0, so that taking out what was there is right for them too.
    const oldest = ring[this.#next] ?? 0;
    if (this.calls < ring.length) this.calls += 1;
    if ((oldest & failedFlag) !== 0) this.failures -= 1;
    if ((oldest & slowFlag) !== 0) this.slowCalls -= 1;
    if (failed) this.failures += 1;
    if (slow) this.slowCalls += 1;
    ring[this.#next] = (failed ? failedFlag : 0) | (slow ? slowFlag : 0);
    this.#next = this.#next + 1 === ring.length ? 0 : this.#next + 1;
  }

  /** Calls leave this window only for newer ones. */
  expire(): void {}
}
