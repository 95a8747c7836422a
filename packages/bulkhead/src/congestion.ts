/**
 * Tells a burst, which a queue is there for, from a queue that stands: one whose oldest waiter was over the target whenever
 * somebody came, for a whole interval. It is asked only when somebody comes to wait, because only then is there a choice to
 * make: so it costs no timer and nothing when a waiter is served. A pause of the process ages everybody, but does not make
 * the queue a standing one, because nobody came meanwhile.
 *
 * @see RFC 8289, "Controlled Delay Active Queue Management" (2018), whose target and interval these are
 * @see Maurer, "Fail at Scale", ACM Queue 13(8), 2015: controlled delay and adaptive LIFO in front of servers
 */
export class Congestion {
  readonly #targetMs: number;
  readonly #intervalMs: number;
  /** When somebody first found the oldest waiter over the target, as everybody has since. */
  #overSince = Infinity;
  #standing = false;

  constructor(targetMs: number, intervalMs: number) {
    this.#targetMs = targetMs;
    this.#intervalMs = intervalMs;
  }

  /** Whether the queue stood when somebody came last, and has not been empty since. */
  get standing(): boolean {
    return this.#standing;
  }

  /** Somebody comes while the oldest has waited since `queuedAt`. */
  observe(queuedAt: number, now: number): void {
    if (now - queuedAt <= this.#targetMs) {
      this.clear();
      return;
    }
    this.#overSince = Math.min(this.#overSince, now);
    if (now - this.#overSince >= this.#intervalMs) this.#standing = true;
  }

  /** The queue is empty, or moves again. */
  clear(): void {
    this.#overSince = Infinity;
    this.#standing = false;
  }
}
