import type { Cancel, Clock } from '@holdfast/core';

export interface Expiring {
  /** Reading of the clock at which it expires. Without having been told, it asks the clock when this is first read. */
  readonly dueAt: number;
  /** Tells it what time it is, if it has not asked. */
  startBy(now: number): void;
  /** Its neighbours, kept by the queue that it is in. */
  previous: Expiring | undefined;
  next: Expiring | undefined;
  expire(): void;
}

/** What is chained to it runs when the present turn has ended. Stateless. */
const turnEnd = Promise.resolve();

/** Timers of the platform count whole milliseconds: of two for the same instant, either may go off first. */
export const timerSlackMs = 1;

/** A timer that is later than this share of its delay, and than 10 ms, tells of a process that was too busy. */
const lateRatio = 0.1;
const lateMs = 10;

/**
 * Things that expire the same time after they were added, so that the first to come is the first to go: one timer
 * does for any number of them, and none exists while there are none. What leaves in the turn in which it came
 * needs no timer at all, and no clock: its time begins with the end of that turn at the latest.
 *
 * A late timer waits for one more turn of the event loop before anything expires: what arrived while the process was
 * busy is read first.
 */
export class ExpiryQueue {
  readonly #delayMs: number;
  readonly #clock: Clock;
  readonly #onLag: (lateMs: number) => void;
  #head: Expiring | undefined;
  #tail: Expiring | undefined;
  #cancelTimer: Cancel | undefined;
  #isArming = false;

  constructor(delayMs: number, clock: Clock, onLag: (lateMs: number) => void) {
    this.#delayMs = delayMs;
    this.#clock = clock;
    this.#onLag = onLag;
  }

  /** Entries have to come in the order in which their time begins. */
  add(entry: Expiring): void {
    entry.previous = this.#tail;
    if (this.#tail === undefined) this.#head = entry;
    else this.#tail.next = entry;
    this.#tail = entry;
    if (this.#cancelTimer !== undefined) entry.startBy(this.#clock.now());
    if (this.#isArming || this.#cancelTimer !== undefined) return;
    this.#isArming = true;
    void turnEnd.then(this.#arm);
  }

  /** Does nothing if the entry is not in this queue. */
  delete(entry: Expiring): void {
    const { previous, next } = entry;
    if (previous === undefined && this.#head !== entry) return;
    if (previous === undefined) this.#head = next;
    else previous.next = next;
    if (next === undefined) this.#tail = previous;
    else next.previous = previous;
    entry.previous = undefined;
    entry.next = undefined;
    if (this.#head !== undefined) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  readonly #arm = (): void => {
    this.#isArming = false;
    if (this.#head === undefined) return;
    const now = this.#clock.now();
    for (let entry = this.#head as Expiring | undefined; entry !== undefined; entry = entry.next)
      entry.startBy(now);
    this.#setTimer(now);
  };

  readonly #onTimer = (): void => {
    const head = this.#head;
    const late = head === undefined ? 0 : this.#clock.now() - head.dueAt;
    if (late <= Math.max(lateMs, this.#delayMs * lateRatio)) {
      this.#expireDue();
      return;
    }
    this.#onLag(late);
    this.#cancelTimer = this.#clock.schedule(this.#expireDue, 0);
  };

  readonly #expireDue = (): void => {
    this.#cancelTimer = undefined;
    const now = this.#clock.now();
    for (let entry = this.#head; entry !== undefined && entry.dueAt <= now; entry = this.#head) {
      this.delete(entry);
      entry.expire();
    }
    // Abort listeners may have taken a while.
    this.#setTimer(this.#clock.now());
  };

  #setTimer(now: number): void {
    if (this.#head === undefined || this.#isArming) return;
    this.#cancelTimer ??= this.#clock.schedule(this.#onTimer, this.#head.dueAt - now);
  }
}
