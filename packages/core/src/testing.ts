/**
 * A clock that tests drive by hand.
 *
 * @module
 */
import type { Cancel, Clock, ScheduleOptions } from './clock.ts';

interface Task {
  readonly run: () => void;
  readonly at: number;
  readonly background: boolean;
}

/** Stands still until a test moves it; tasks then run in the order of their time, ties in the order they were scheduled. */
export class ManualClock implements Clock {
  readonly #tasks = new Set<Task>();
  #now: number;
  #epochOffset: number;

  /** @param epochMs - Where the wall clock starts, in milliseconds since 1970. */
  constructor(epochMs = 1_000_000_000_000) {
    this.#now = 0;
    this.#epochOffset = epochMs;
  }

  now(): number {
    return this.#now;
  }

  epoch(): number {
    return this.#now + this.#epochOffset;
  }

  schedule(run: () => void, delayMs: number, options?: ScheduleOptions): Cancel {
    const task = { run, at: this.#now + Math.max(delayMs, 0), background: options?.background === true };
    this.#tasks.add(task);
    return () => void this.#tasks.delete(task);
  }

  /** Tasks that still wait; those which keep a process alive, or those in the background, if asked for. */
  pending(kind?: 'foreground' | 'background'): number {
    if (kind === undefined) return this.#tasks.size;
    return [...this.#tasks].filter((task) => task.background === (kind === 'background')).length;
  }

  /** Moves on by `ms`, running what comes due and letting promises settle before, between and after. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let task = this.#next(until); task !== undefined; task = this.#next(until)) {
      this.#run(task);
      await settle();
    }
    this.#reach(until);
    await settle();
  }

  /** As {@link advance}, without a pause for promises. */
  advanceSync(ms: number): void {
    const until = this.#now + ms;
    for (let task = this.#next(until); task !== undefined; task = this.#next(until)) this.#run(task);
    this.#reach(until);
  }

  /** Sets the wall clock forward, or back if negative, as an operator or NTP would; `now()` does not notice. */
  shiftEpoch(ms: number): void {
    this.#epochOffset += ms;
  }

  #next(until: number): Task | undefined {
    let next: Task | undefined;
    for (const task of this.#tasks) if (task.at <= until && task.at < (next?.at ?? Infinity)) next = task;
    return next;
  }

  #run(task: Task): void {
    this.#tasks.delete(task);
    this.#reach(task.at);
    task.run();
  }

  /** Never back: a task may itself have moved the clock further than whoever runs it. */
  #reach(at: number): void {
    this.#now = Math.max(this.#now, at);
  }
}

/** Resolves once every promise that could settle without time passing has settled. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
