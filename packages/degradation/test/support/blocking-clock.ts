import { type Cancel, type ScheduleOptions } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';

/** A clock on which a blocked or suspended process can be acted out: time passes and no timer runs. */
export class BlockingClock extends ManualClock {
  readonly #dueAt = new Set<number>();
  #blockedMs = 0;

  override now(): number {
    return super.now() + this.#blockedMs;
  }

  /** Suspends the process: its timers take up again where they were. */
  block(ms: number): void {
    this.#blockedMs += ms;
  }

  /** Keeps the event loop busy: the next timer, if it comes due meanwhile, runs at the end. */
  stall(ms: number): void {
    const dueInMs = Math.min(...this.#dueAt) - super.now();
    this.block(ms - Math.min(ms, dueInMs));
    this.advanceSync(Math.min(ms, dueInMs));
  }

  override schedule(task: () => void, delayMs: number, options?: ScheduleOptions): Cancel {
    const dueAt = super.now() + delayMs;
    this.#dueAt.add(dueAt);
    const cancel = super.schedule(
      () => {
        this.#dueAt.delete(dueAt);
        task();
      },
      delayMs,
      options,
    );
    return () => {
      this.#dueAt.delete(dueAt);
      cancel();
    };
  }
}
