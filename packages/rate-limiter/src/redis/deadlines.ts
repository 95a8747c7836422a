import type { Clock } from '@holdfast/core';

/** A timer that is later than that tells of a process that was busy. Milliseconds. */
const lateMs = 5;

/** An end that something waits for at most. */
export interface Deadline {
  readonly dueAt: number;
  readonly expire: () => void;
  previous: Deadline | undefined;
  next: Deadline | undefined;
}

/**
 * Deadlines that all last as long, so that the first to begin is the first to be due, and one timer does for them.
 *
 * - The timer outlives the last deadline, by as long as one lasts at most: calls that are made one after the other would pay for
 *   one each. It keeps no process alive, for the connection that is waited for does.
 * - When the process was too busy to notice one in time, what has arrived meanwhile is read before anything expires.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #lengthMs: number;
  #first: Deadline | undefined;
  #last: Deadline | undefined;
  #isTimed = false;

  constructor(clock: Clock, lengthMs: number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
  }

  begin(expire: () => void): Deadline {
    const dueAt = this.#clock.now() + this.#lengthMs;
    const deadline: Deadline = { dueAt, expire, previous: this.#last, next: undefined };
    if (this.#last === undefined) this.#first = deadline;
    else this.#last.next = deadline;
    this.#last = deadline;
    if (!this.#isTimed) this.#schedule(this.#look, this.#lengthMs);
    return deadline;
  }

  /** It is not waited for any more; ending it again does nothing. */
  end(deadline: Deadline): void {
    const { previous, next } = deadline;
    if (previous === undefined && this.#first !== deadline) return;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    deadline.previous = undefined;
    deadline.next = undefined;
  }

  readonly #look = (): void => {
    if (this.#first === undefined) {
      this.#isTimed = false;
      return;
    }
    const overdueMs = this.#clock.now() - this.#first.dueAt;
    if (overdueMs < 0) this.#schedule(this.#look, -overdueMs);
    else if (overdueMs <= lateMs) this.#expireDue();
    else this.#schedule(this.#expireDue, 0);
  };

  readonly #expireDue = (): void => {
    const now = this.#clock.now();
    for (let due = this.#first; due !== undefined && due.dueAt <= now; due = this.#first) {
      this.end(due);
      due.expire();
    }
    // That may have taken a while.
    this.#look();
  };

  #schedule(task: () => void, delayMs: number): void {
    this.#isTimed = true;
    this.#clock.schedule(task, delayMs, { background: true });
  }
}
