import { type EventSource, type ExecuteOptions, type Operation, type Policy, wrap } from '@holdfast/core';

import { Call, type PipelineLedger } from './call.ts';
import { describePipeline, type PipelineDescription } from './describe.ts';
import { mergedEvents, type PipelineEvent } from './merged-events.ts';
import { fillSlots, type PipelineParts, type PipelineSlots } from './slots.ts';
import type { Outcome } from './outcome.ts';
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
  readonly #ledger: PipelineLedger<Fallen>;

  /** @throws {InvalidOptionError} naming the first option or slot that is wrong. */
  constructor(name: string, slots: PipelineSlots<Fallen> = {}) {
    this.#slots = slots;
    const parts = fillSlots(name, slots);
    this.#ledger = {
      parts,
      calls: noCalls(),
      shared: {
        parts: { ...parts, deadlineMs: Infinity, fallback: undefined },
        calls: noCalls(),
        shared: undefined,
      },
    };
  }

  get name(): string {
    return this.parts.name;
  }

  /** The policies in the slots, for instance to read the state of the breaker or to bind them to metrics. */
  get parts(): PipelineParts<Fallen> {
    return this.#ledger.parts;
  }

  /** What the policies in the slots tell, each event with the slot that it comes from. */
  get events(): EventSource<PipelineEvent> {
    return mergedEvents(this.parts);
  }

  /**
   * Runs `operation` through all the slots.
   *
   * @throws What the operation or a policy throws in the end, if there is no fallback; else what the fallback throws.
   * @throws The signal's reason, as soon as it aborts.
   * @throws {DeadlineExceededError} as soon as the deadline has passed.
   */
  execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T | Fallen> {
    return new Promise((resolve, reject) => {
      new Call<T, Fallen>(this.#ledger, operation, options, resolve, reject).start();
    });
  }

  /** As `execute`, but never rejects: tells how the call ended, and whether the fallback answered it. */
  tryExecute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<Outcome<T | Fallen>> {
    return new Promise((resolve) => {
      const reject = (reason: unknown): void => resolve({ status: 'rejected', reason });
      try {
        const call = new Call<T, Fallen>(
          this.#ledger,
          operation,
          options,
          (value) => resolve({ status: 'fulfilled', value, degraded: call.degraded }),
          reject,
        );
        call.start();
      } catch (refusal) {
        // Options that are out of range make no call.
        reject(refusal);
      }
    });
  }

  /** A function that runs `fn` through this pipeline and keeps its `this`, parameters, name and length. */
  wrap<This, Parameters extends unknown[], Result>(
    fn: (this: This, ...parameters: Parameters) => Result | PromiseLike<Result>,
  ): (this: This, ...parameters: Parameters) => Promise<Result | Fallen> {
    return wrap(this as Policy, fn);
  }

  /** Order and options of the slots as plain data. */
  describe(): PipelineDescription {
    return describePipeline(this.parts, this.#slots);
  }

  statistics(): PipelineStatistics {
    return { component: 'pipeline', calls: { ...this.#ledger.calls } };
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

const noCalls = (): PipelineLedger<never>['calls'] => ({ success: 0, failure: 0, fallback: 0, cancelled: 0 });
