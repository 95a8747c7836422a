import {
  cancellationOf,
  DeadlineExceededError,
  EventHub,
  type EventSource,
  type ExecuteOptions,
  Execution,
  type Operation,
  type OperationContext,
  type Policy,
  throwIfCancelled,
  wrap,
} from '@holdfast/core';

import type { Held } from '../timeout/timed-run.ts';
import { CallBounds } from './call-bounds.ts';
import { describePipeline, type PipelineDescription } from './describe.ts';
import type { OwnPipelineEvent } from './events.ts';
import { mergedEvents, type PipelineEvent } from './merged-events.ts';
import { fillSlots, type PipelineParts, type PipelineSlots } from './slots.ts';
import type { PipelineStatistics } from './statistics.ts';

/**
 * Policies around one dependency, in the one order that works, outermost first:
 *
 * 1. deadline: the caller is let go, whatever goes on inside;
 * 2. fallback: answers what failed in the end;
 * 3. dedupe: one sequence of attempts per key, not per caller;
 * 4. retry: each attempt is judged, limited and queued on its own, and nothing is held during a pause;
 * 5. breaker, first look: an open circuit takes no token and no place in a queue;
 * 6. rate limit;
 * 7. bulkhead: the only wait for room;
 * 8. breaker, admission: a trial call is not spent on waiting, and no refusal above counts as a failure;
 * 9. timeout: the time of the operation alone.
 *
 * Invariants:
 * - what an attempt takes up it gives back once, however it ends; the bulkhead's slot not before its operation ends,
 *   even if the caller was let go before, or until the timeout's `zombieGraceMs` is over; a token of the rate limit is
 *   spent;
 * - without any slot, a call does what the operation does;
 * - each call that has ended is in exactly one of the counters.
 */
export class Pipeline<Fallen = never> {
  readonly #slots: PipelineSlots<Fallen>;
  readonly #parts: PipelineParts<Fallen>;
  readonly #hub = new EventHub<OwnPipelineEvent>();
  readonly #calls = { success: 0, failure: 0, fallback: 0, cancelled: 0 };

  /** @throws {InvalidOptionError} naming the first option or slot that is wrong. */
  constructor(name: string, slots: PipelineSlots<Fallen> = {}) {
    this.#slots = slots;
    this.#parts = fillSlots(name, slots);
  }

  get name(): string {
    return this.#parts.name;
  }

  /** The policies in the slots, for instance to read the state of the breaker or to bind them to metrics. */
  get parts(): PipelineParts<Fallen> {
    return this.#parts;
  }

  /** What this pipeline and the policies in its slots tell, each event with the slot that it comes from. */
  get events(): EventSource<PipelineEvent> {
    return mergedEvents(this.#hub, this.#parts);
  }

  /**
   * Runs `operation` through all the slots.
   *
   * @throws What the operation or a policy throws in the end, if there is no fallback; else what the fallback throws.
   * @throws The signal's reason, as soon as it aborts.
   * @throws {DeadlineExceededError} as soon as the deadline has passed.
   */
  async execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T | Fallen> {
    const bounds = this.#boundsOf(options);
    try {
      if (bounds?.exceeded === true) throw bounds.reason;
      const work = this.#share(operation, bounds?.execution ?? options);
      const value = await (bounds === undefined ? work : bounds.race(work));
      this.#calls.success += 1;
      return value;
    } catch (error) {
      bounds?.notice(error);
      return await this.#answer(error, bounds, options);
    } finally {
      bounds?.end();
    }
  }

  /** A function that runs `fn` through this pipeline and keeps its `this`, parameters, name and length. */
  wrap<This, Parameters extends unknown[], Result>(
    fn: (this: This, ...parameters: Parameters) => Result | PromiseLike<Result>,
  ): (this: This, ...parameters: Parameters) => Promise<Result | Fallen> {
    return wrap(this as Policy, fn);
  }

  /** Order and options of the slots as plain data. */
  describe(): PipelineDescription {
    return describePipeline(this.#parts, this.#slots);
  }

  statistics(): PipelineStatistics {
    return { component: 'pipeline', calls: { ...this.#calls } };
  }

  /** A call that nothing can end early pays nothing for it. */
  #boundsOf(options: ExecuteOptions | undefined): CallBounds | undefined {
    const { name, clock, deadlineMs } = this.#parts;
    const isUnbounded =
      deadlineMs === Infinity &&
      (options === undefined ||
        ((options.deadlineMs ?? Infinity) === Infinity && cancellationOf(options) === undefined));
    return isUnbounded ? undefined : new CallBounds(name, clock, options, deadlineMs);
  }

  #share<T>(operation: Operation<T>, options: ExecuteOptions | undefined): T | PromiseLike<T> {
    const { dedupe } = this.#parts;
    const key = options?.key;
    if (dedupe === undefined || key === undefined) return this.#repeat(operation, options);
    return dedupe.run(key, (flight) => this.#repeat(operation, Execution.within(flight, options)), options);
  }

  #repeat<T>(operation: Operation<T>, options: ExecuteOptions | undefined): T | PromiseLike<T> {
    const { retry } = this.#parts;
    if (retry === undefined) return this.#attempt(operation, options);
    return retry.execute((attempt) => this.#attempt(operation, Execution.within(attempt, options)), options);
  }

  /** One attempt: from here on, each step goes on at once if there is nothing to wait for. */
  #attempt<T>(operation: Operation<T>, options: ExecuteOptions | undefined): T | PromiseLike<T> {
    const { breaker, rateLimit } = this.#parts;
    if (breaker?.admitting === false) throw breaker.refusal();
    if (rateLimit === undefined) return this.#queue(operation, options);
    return rateLimit.execute(nothing, options).then(() => {
      throwIfOver(this.name, options);
      return this.#queue(operation, options);
    });
  }

  #queue<T>(operation: Operation<T>, options: ExecuteOptions | undefined): T | PromiseLike<T> {
    const { bulkhead } = this.#parts;
    const slot = bulkhead?.tryAcquire();
    if (bulkhead === undefined || slot !== undefined) return this.#admit(operation, options, slot);
    return bulkhead.acquire(options).then((late) => this.#admit(operation, options, late));
  }

  #admit<T>(
    operation: Operation<T>,
    options: ExecuteOptions | undefined,
    slot: Held | undefined,
  ): T | PromiseLike<T> {
    const { clock, breaker } = this.#parts;
    if (breaker === undefined) {
      const context = options instanceof Execution ? options : new Execution(options, clock);
      return this.#run(operation, context, options, slot);
    }
    let unclaimed = slot;
    const outcome = breaker.execute((context) => {
      unclaimed = undefined;
      return this.#run(operation, context, options, slot);
    }, options);
    // The circuit may have opened while the call waited for the slot.
    unclaimed?.release();
    return outcome;
  }

  /** Runs the operation and gives the slot back when it has ended, which may be after its caller was let go. */
  #run<T>(
    operation: Operation<T>,
    context: OperationContext,
    options: ExecuteOptions | undefined,
    slot: Held | undefined,
  ): T | PromiseLike<T> {
    const { timeout } = this.#parts;
    if (timeout !== undefined) return timeout.execute(operation, Execution.within(context, options), slot);
    return slot === undefined ? operation(context) : this.#runHolding(slot, operation, context, options);
  }

  async #runHolding<T>(
    slot: Held,
    operation: Operation<T>,
    context: OperationContext,
    options: ExecuteOptions | undefined,
  ): Promise<T> {
    try {
      throwIfOver(this.name, options);
      return await operation(context);
    } finally {
      slot.release();
    }
  }

  async #answer(
    error: unknown,
    bounds: CallBounds | undefined,
    options: ExecuteOptions | undefined,
  ): Promise<Fallen> {
    const { name: policy, clock, fallback } = this.#parts;
    if (bounds?.exceeded === true) {
      this.#calls[bounds.callerLeft ? 'cancelled' : 'failure'] += 1;
      throw bounds.reason;
    }
    try {
      if (fallback === undefined) throw error;
      if (this.#hub.observed) this.#hub.emit({ type: 'fell-back', policy, error });
      const context = bounds?.execution ?? new Execution(options, clock);
      const answer = fallback(error, context);
      const value = await (bounds === undefined ? answer : bounds.race(answer));
      this.#calls.fallback += 1;
      return value;
    } catch (outcome) {
      this.#calls[bounds?.callerLeft === true ? 'cancelled' : 'failure'] += 1;
      throw outcome;
    }
  }
}

/**
 * Puts policies around one dependency in the one right order.
 *
 * @param name - Shown in errors, events and statistics, also of the policies that the pipeline makes from options.
 * @throws {InvalidOptionError} naming the first option or slot that is wrong.
 */
export function pipeline<Fallen = never>(name: string, slots?: PipelineSlots<Fallen>): Pipeline<Fallen> {
  return new Pipeline(name, slots);
}

const nothing = (): void => {};

/** After a wait the caller may be gone, or the deadline, before anything was told so. */
function throwIfOver(name: string, options: ExecuteOptions | undefined): void {
  throwIfCancelled(options);
  if (options?.deadlineMs === 0) throw new DeadlineExceededError(name);
}
