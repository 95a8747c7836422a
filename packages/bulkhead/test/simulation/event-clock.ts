import type { Cancel, Clock } from '@holdfast/core';
import { settle } from '@holdfast/core/testing';

interface Task {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** A clock that jumps from one task to the next, for simulations with millions of them: a binary heap by time. */
export class EventClock implements Clock {
  readonly #heap: Task[] = [];
  #now = 0;
  #order = 0;

  now(): number {
    return this.#now;
  }

  epoch(): number {
    return this.#now;
  }

  schedule(run: () => void, delayMs: number): Cancel {
    const task: Task = { at: this.#now + Math.max(0, delayMs), order: (this.#order += 1), run };
    this.#heap.push(task);
    this.#rise(this.#heap.length - 1);
    return () => void (task.run = undefined);
  }

  /** Runs all that is due until then; promises settle between two tasks. */
  async runUntil(atMs: number): Promise<void> {
    for (let [task] = this.#heap; task !== undefined && task.at <= atMs; [task] = this.#heap) {
      this.#removeFirst();
      if (task.run === undefined) continue;
      this.#now = task.at;
      task.run();
      await settle();
    }
    this.#now = atMs;
  }

  #removeFirst(): void {
    const last = this.#heap.pop() as Task;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #rise(index: number): void {
    const heap = this.#heap;
    const task = heap[index] as Task;
    for (let place = index; place > 0;) {
      const parent = (place - 1) >> 1;
      if (isBefore(heap[parent] as Task, task)) return;
      heap[place] = heap[parent] as Task;
      heap[parent] = task;
      place = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let place = 0; ;) {
      const left = 2 * place + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const least = right < heap.length && isBefore(heap[right] as Task, heap[left] as Task) ? right : left;
      if (isBefore(heap[place] as Task, heap[least] as Task)) return;
      [heap[place], heap[least]] = [heap[least] as Task, heap[place] as Task];
      place = least;
    }
  }
}

function isBefore(one: Task, other: Task): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
