import {
  EventHub,
  type EventSource,
  type ExecuteOptions,
  Execution,
  type Operation,
  type Policy,
  throwIfCancelled,
} from '@holdfast/core';

import type { BulkheadEvent } from './events.ts';
import { type BulkheadOptions, type ResolvedBulkheadOptions, resolveOptions } from './options.ts';
import { HeldSlot, type Permit } from './permit.ts';
import { Runner } from './runner.ts';
import { Slots } from './slots.ts';
import type { BulkheadStatistics } from './statistics.ts';

/**
 * Caps how many operations run at once, so that one slow dependency cannot take every resource.
 *
 * Invariants, true whenever no method is on the stack:
 * - nothing is admitted while `running >= limit`, and `queued <= maxQueued`;
 * - a caller waits only while every slot is taken: a freed slot goes to one of those who wait directly, so that no
 *   newcomer can take it;
 * - of those who wait, the most critical is first, tenants take turns, and within a tenant the order is that of arrival,
 *   or the reverse while the queue stands;
 * - a slot is given back once, when its operation settles or its permit is released, not when its caller leaves;
 * - the operation of a caller who leaves the queue never runs, and nothing of it stays on its signal or on the clock.
 *
 * @see Release It! 2nd ed. (2018), "Bulkheads"
 */
export class Bulkhead implements Policy {
  readonly #options: ResolvedBulkheadOptions;
  readonly #hub = new EventHub<BulkheadEvent>();
  readonly #slots: Slots;
  readonly #runner: Runner;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: BulkheadOptions) {
    this.#options = resolveOptions(options);
    this.#slots = new Slots(this.#options, this.#hub);
    this.#runner = new Runner(this.#slots, this.#options.isOverload);
  }

  get name(): string {
    return this.#options.name;
  }

  /** Most operations running at once, as set or as found. */
  get limit(): number {
    return this.#slots.limit;
  }

  /** Slots taken now. */
  get running(): number {
    return this.#slots.running;
  }

  /** Callers waiting now. */
  get queued(): number {
    return this.#slots.queued;
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
   * @throws {ShedError} when the queue stands and newer callers come.
   * @throws {DeadlineExceededError} when the call's deadline passes before it starts.
   * @throws The signal's reason, when it aborts before the operation has settled.
   */
  execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    try {
      const execution = this.#open(options);
      if (this.#slots.take()) return this.#runner.start(operation, execution);
      return this.#runner.queue(operation, execution);
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
    if (!this.#slots.take()) {
      await this.#slots.enqueue(execution).outcome;
      this.#slots.takeUp(execution);
    }
    return this.#permit();
  }

  /** Takes a slot if one is free now; never waits, never throws. */
  tryAcquire(): Permit | undefined {
    return this.#slots.take() ? this.#permit() : undefined;
  }

  /**
   * Changes the limit, also one that was found automatically, which then stays. A higher one admits waiters at once; a
   * lower one lets those who run finish.
   *
   * @throws {InvalidOptionError} unless the limit is a whole number of at least 1.
   */
  resize(limit: number): void {
    this.#slots.resize(limit);
  }

  statistics(): BulkheadStatistics {
    return this.#slots.statistics();
  }

  /** Refuses those who wait and all who come from now on, and resolves when nothing runs any more. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#slots.close();
  }

  /** @throws What ends the call before it starts: the reason of its signal, or that its deadline is over. */
  #open(options: ExecuteOptions | undefined): Execution {
    if (options === undefined) return new Execution(undefined, this.#options.clock);
    throwIfCancelled(options);
    const execution = options instanceof Execution ? options : new Execution(options, this.#options.clock);
    if (execution.remainingMs() === 0) throw this.#slots.refusal('deadline');
    return execution;
  }

  #permit(): Permit {
    return new HeldSlot(this.#slots, this.#slots.started());
  }
}
