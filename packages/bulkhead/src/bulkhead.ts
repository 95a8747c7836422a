import {
  DeadlineExceededError,
  EventHub,
  type EventSource,
  type ExecuteOptions,
  Execution,
  type Operation,
  type Policy,
  throwIfCancelled,
} from '@holdfast/core';

import { BulkheadFullError } from './errors.ts';
import type { BulkheadEvent, RejectedReason } from './events.ts';
import {
  type BulkheadOptions,
  type ResolvedBulkheadOptions,
  resolveLimit,
  resolveOptions,
} from './options.ts';
import { type Permit, Slot } from './permit.ts';
import { run, type RunObserver } from './run.ts';
import { type BulkheadStatistics, noCalls } from './statistics.ts';
import { WaitQueue } from './wait-queue.ts';
import { Waiter } from './waiter.ts';

/**
 * Caps how many operations run at once, so that one slow dependency cannot take every resource.
 *
 * Invariants, true whenever no method is on the stack:
 * - nothing is admitted while `running >= limit`, and `queued <= maxQueued`;
 * - a caller waits only while every slot is taken, and those who wait are admitted in the order of their arrival: a
 *   freed slot goes to the first of them directly, so that no newcomer can take it;
 * - a slot is given back once, when its operation settles or its permit is released, not when its caller leaves;
 * - the operation of a caller who leaves the queue never runs, and nothing of it stays on its signal or on the clock.
 *
 * @see Release It! 2nd ed. (2018), "Bulkheads"
 */
export class Bulkhead implements Policy {
  readonly #options: ResolvedBulkheadOptions;
  readonly #hub = new EventHub<BulkheadEvent>();
  readonly #queue = new WaitQueue();
  readonly #calls = noCalls();
  #limit: number;
  #running = 0;
  #abandoned = 0;
  /** Present once disposed; resolves when nothing runs any more. */
  #closing: PromiseWithResolvers<void> | undefined;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: BulkheadOptions) {
    this.#options = resolveOptions(options);
    this.#limit = this.#options.limit;
  }

  get name(): string {
    return this.#options.name;
  }

  /** Most operations running at once. */
  get limit(): number {
    return this.#limit;
  }

  /** Slots taken now. */
  get running(): number {
    return this.#running;
  }

  /** Callers waiting now. */
  get queued(): number {
    return this.#queue.size;
  }

  get events(): EventSource<BulkheadEvent> {
    return this.#hub;
  }

  /**
   * Runs `operation` in a slot, waiting for one if the queue has room.
   *
   * A caller whose signal aborts is let go at once, also while its operation runs; the slot stays taken until the
   * operation settles, and what it settles with is dropped.
   *
   * @throws {BulkheadFullError} when the queue is full, the wait passes `maxWaitMs`, or the bulkhead is disposed.
   * @throws {DeadlineExceededError} when the call's deadline passes before it starts.
   * @throws The signal's reason, when it aborts before the operation has settled.
   */
  execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    try {
      const execution = this.#open(options);
      if (!this.#take()) return this.#runLater(operation, execution);
      return run(operation, execution, this.#observer);
    } catch (refusal) {
      return Promise.reject(refusal);
    }
  }

  /**
   * Takes a slot as `execute` does; it is taken until the permit is released.
   *
   * @throws As `execute`, for what happens before the slot is given.
   */
  async acquire(options?: ExecuteOptions): Promise<Permit> {
    const execution = this.#open(options);
    if (!this.#take()) {
      await this.#enqueue(execution).turn;
      this.#takeUp(execution);
    }
    return new Slot(this.#release);
  }

  /** Takes a slot if one is free now; never waits, never throws. */
  tryAcquire(): Permit | undefined {
    return this.#take() ? new Slot(this.#release) : undefined;
  }

  /**
   * Changes the limit. A higher one admits waiters at once; a lower one lets those who run finish.
   *
   * @throws {InvalidOptionError} unless the limit is a whole number of at least 1.
   */
  resize(limit: number): void {
    const previousLimit = this.#limit;
    this.#limit = resolveLimit(limit);
    if (this.#hub.observed)
      this.#hub.emit({ type: 'resized', policy: this.#options.name, limit, previousLimit });
    this.#admitWaiters();
  }

  statistics(): BulkheadStatistics {
    return {
      component: 'bulkhead',
      running: this.#running,
      queued: this.#queue.size,
      limit: this.#limit,
      queueLimit: this.#options.maxQueued,
      abandoned: this.#abandoned,
      calls: { ...this.#calls },
    };
  }

  /** Refuses those who wait and all who come from now on, and resolves when nothing runs any more. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closing ?? this.#close()).promise;
  }

  /** @throws What ends the call before it starts: the reason of its signal, or that its deadline is over. */
  #open(options: ExecuteOptions | undefined): Execution {
    throwIfCancelled(options);
    const execution = options instanceof Execution ? options : new Execution(options, this.#options.clock);
    if (execution.remainingMs() === 0) throw this.#refusal('deadline');
    return execution;
  }

  #take(): boolean {
    if (this.#running >= this.#limit || this.#closing !== undefined) return false;
    this.#running += 1;
    this.#calls.admitted += 1;
    return true;
  }

  async #runLater<T>(operation: Operation<T>, execution: Execution): Promise<T> {
    // An await keeps the caller's async context, so that the operation runs in it.
    await this.#enqueue(execution).turn;
    this.#takeUp(execution);
    return run(operation, execution, this.#observer);
  }

  /** @throws What ended the call between being handed the slot and now, or before a busy process noticed. */
  #takeUp(execution: Execution): void {
    const { cancellation } = execution;
    const isCancelled = cancellation?.cancelled === true;
    if (!isCancelled && execution.remainingMs() > 0) {
      this.#calls.admitted += 1;
      return;
    }
    this.#release();
    if (!isCancelled) throw this.#refusal('deadline');
    this.#calls.aborted += 1;
    throw cancellation.reason;
  }

  #enqueue(execution: Execution): Waiter {
    const { name, clock, maxQueued, maxWaitMs } = this.#options;
    if (this.#closing !== undefined) throw this.#refusal('closed');
    if (this.#queue.size >= maxQueued) throw this.#refusal('full');
    const remainingMs = execution.remainingMs();
    const waiter = new Waiter();
    this.#queue.push(waiter);
    this.#calls.queued += 1;
    const waitMs = Math.min(remainingMs, maxWaitMs);
    const giveUp = (): void => {
      this.#queue.remove(waiter);
      waiter.refuse(this.#refusal(remainingMs <= maxWaitMs ? 'deadline' : 'waited-too-long'));
    };
    const abort = (reason: unknown): void => {
      this.#queue.remove(waiter);
      this.#calls.aborted += 1;
      waiter.refuse(reason);
    };
    const cancelTimer = waitMs === Infinity ? undefined : clock.schedule(giveUp, waitMs);
    waiter.watch(execution.cancellation?.onCancel(abort), cancelTimer);
    // Last, because a listener may cancel the call.
    if (this.#hub.observed) this.#hub.emit({ type: 'queued', policy: name, queued: this.#queue.size });
    return waiter;
  }

  /** Counts a caller who gets no slot, and makes its error. */
  #refusal(reason: RejectedReason): BulkheadFullError | DeadlineExceededError {
    if (reason === 'full') this.#calls.rejectedFull += 1;
    else if (reason === 'closed') this.#calls.rejectedClosed += 1;
    else this.#calls.rejectedTimeout += 1;
    if (this.#hub.observed) this.#hub.emit({ type: 'rejected', policy: this.name, reason });
    if (reason === 'deadline') return new DeadlineExceededError(this.name);
    return new BulkheadFullError(this.name, reason);
  }

  // One function for all permits, so that a permit costs no closure.
  readonly #release = (): void => {
    this.#running -= 1;
    this.#admitWaiters();
    if (this.#running === 0) this.#closing?.resolve();
  };

  readonly #observer: RunObserver = {
    onSettled: this.#release,
    onLeft: () => void (this.#abandoned += 1),
    onLeftSettled: () => void (this.#abandoned -= 1),
  };

  #admitWaiters(): void {
    while (this.#running < this.#limit) {
      const waiter = this.#queue.shift();
      if (waiter === undefined) return;
      this.#running += 1;
      waiter.admit();
    }
  }

  #close(): PromiseWithResolvers<void> {
    const closing = Promise.withResolvers<void>();
    this.#closing = closing;
    if (this.#hub.observed) this.#hub.emit({ type: 'closed', policy: this.#options.name });
    for (let waiter = this.#queue.shift(); waiter !== undefined; waiter = this.#queue.shift())
      waiter.refuse(this.#refusal('closed'));
    if (this.#running === 0) closing.resolve();
    return closing;
  }
}
