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

import { runWithin } from '../context/current-execution.ts';
import type { RetryEvent } from './events.ts';
import { resolveRetryOptions, type ResolvedRetryOptions, type RetryOptions } from './options.ts';
import { Repetition, type RetryLedger } from './repetition.ts';
import type { RetryStatistics } from './statistics.ts';

/**
 * Runs an operation again when it failed in a way that may pass.
 *
 * Invariants:
 * - at most `1 + maxRetries` executions; the call settles as the last of them did, with the very error it threw;
 * - nothing starts once the call is cancelled or its deadline, or `maxElapsedMs`, has passed;
 * - no wait is begun that could not end in time: the call fails at once instead.
 *
 * Inside an attempt of another retry that is one already, nothing is retried unless `nested` says so: attempts would multiply.
 *
 * An error with a `retryAfterMs` is not retried before that. If the call has neither a deadline nor `maxElapsedMs`, it
 * never waits longer than `backoff.maxMs` between attempts.
 */
export class Retry implements Policy {
  readonly #hub = new EventHub<RetryEvent>();
  readonly #ledger: RetryLedger;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: RetryOptions = {}) {
    this.#ledger = {
      options: resolveRetryOptions(options),
      hub: this.#hub,
      calls: { succeededWithoutRetry: 0, succeededAfterRetry: 0, failedWithoutRetry: 0, failedAfterRetry: 0 },
      retries: 0,
    };
  }

  get name(): string {
    return this.options.name;
  }

  get options(): ResolvedRetryOptions {
    return this.#ledger.options;
  }

  get events(): EventSource<RetryEvent> {
    return this.#hub;
  }

  /**
   * Runs `operation` until it succeeds or may not be tried again. `attempt` in its context is 0, then 1 and so on.
   *
   * @throws Whatever the last execution threw.
   * @throws The signal's reason, when it aborts; also during a pause, which then ends at once.
   * @throws {DeadlineExceededError} if the deadline had passed before the start.
   * @throws What `isRetryable` or `isRetryableValue` throws.
   */
  async execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    const { clock } = this.options;
    const call = new Execution(options, clock, firstAttempt);
    const repetition = this.begin(call);
    for (let context = call; ; context = new Execution(call, clock, { attempt: repetition.attempt })) {
      const outcome = await settled(context, operation);
      if (outcome.status === 'fulfilled' && !repetition.judgesValues) {
        repetition.succeeded();
        return outcome.value;
      }
      if (await repetition.next(outcome)) continue;
      if (outcome.status === 'fulfilled') return outcome.value;
      throw outcome.reason;
    }
  }

  /**
   * As `execute`, for a caller that runs the attempts itself.
   *
   * @param call - With a `deadlineMs` that counts down, as that of an `Execution` does, if it has one.
   * @throws What `execute` throws before the first attempt.
   */
  begin(call: ExecuteOptions | undefined): Repetition {
    throwIfCancelled(call);
    if (call?.deadlineMs === 0) throw new DeadlineExceededError(this.name);
    this.options.budget?.earn();
    return new Repetition(this.#ledger, call);
  }

  statistics(): RetryStatistics {
    const { calls, retries } = this.#ledger;
    return { component: 'retry', calls: { ...calls }, retries };
  }
}

// A call counts its own attempts, whatever policy around it repeats it.
const firstAttempt = { attempt: 0 };

/** How an attempt ends. Those after the first share their context, so that a retry inside knows that it is in one. */
async function settled<T>(context: Execution, operation: Operation<T>): Promise<PromiseSettledResult<T>> {
  try {
    const run = (): T | PromiseLike<T> => operation(context);
    return { status: 'fulfilled', value: await (context.attempt === 0 ? run() : runWithin(context, run)) };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}
