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

import type { HedgeEvent } from './events.ts';
import { HedgeBudget } from './hedge-budget.ts';
import { HedgedCall, type HedgeLedger } from './hedged-call.ts';
import { MovingQuantile } from './moving-quantile.ts';
import { type HedgeOptions, resolveHedgeOptions, type ResolvedHedgeOptions } from './options.ts';
import type { HedgeStatistics } from './statistics.ts';

/**
 * Starts an operation a second time when the first execution is slower than most, and takes the answer that comes first:
 * cuts off the tail of the latency for a few percent more load.
 *
 * Invariants:
 * - at most `1 + maxHedges` executions of a call, and none starts once it is over;
 * - since it was made, at most `budget.ratio × successes + budget.maxSaved` executions beside the first ones;
 * - a call has one outcome; what else its executions return is discarded, once, and what they throw is dropped;
 * - the signals of the executions that nobody waits for are aborted, that of the one that answered is not.
 *
 * @see Dean, Barroso: "The Tail at Scale" (2013), "Hedged requests"
 */
export class Hedge implements Policy {
  readonly #hub = new EventHub<HedgeEvent>();
  readonly #ledger: HedgeLedger;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: HedgeOptions) {
    const resolved = resolveHedgeOptions(options);
    const { delay, budget } = resolved;
    this.#ledger = {
      options: resolved,
      hub: this.#hub,
      budget: new HedgeBudget(budget.ratio, budget.maxSaved),
      durations: typeof delay === 'number' ? undefined : new MovingQuantile(delay.quantile, delay.minSamples),
      calls: { byFirst: 0, byHedge: 0, failed: 0 },
      hedges: { started: 0, suppressed: 0 },
    };
  }

  get name(): string {
    return this.options.name;
  }

  get options(): ResolvedHedgeOptions {
    return this.#ledger.options;
  }

  get events(): EventSource<HedgeEvent> {
    return this.#hub;
  }

  /**
   * Runs `operation`, more than once if it is slow or fails. `attempt` in its context is one higher for each execution.
   *
   * @throws What the last, or the first, execution threw, when all have failed.
   * @throws The signal's reason, as soon as it aborts.
   * @throws {DeadlineExceededError} if the deadline had passed before the start.
   */
  execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    return new Promise((resolve, reject) => {
      throwIfCancelled(options);
      const call = new Execution(options, this.options.clock);
      if (call.remainingMs() === 0) throw new DeadlineExceededError(this.name);
      new HedgedCall(this.#ledger, operation, call, resolve, reject).start();
    });
  }

  statistics(): HedgeStatistics {
    const { options, durations, calls, hedges } = this.#ledger;
    const delayMs = durations?.estimate ?? (options.delay as number);
    return { component: 'hedge', calls: { ...calls }, hedges: { ...hedges }, delayMs };
  }
}
