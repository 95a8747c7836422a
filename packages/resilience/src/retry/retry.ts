import {
  cancellationOf,
  DeadlineExceededError,
  EventHub,
  type EventSource,
  type ExecuteOptions,
  Execution,
  type Operation,
  type Policy,
  throwIfCancelled,
} from '@holdfast/core';

import { backoffMs } from './backoff.ts';
import type { RetryEvent } from './events.ts';
import { resolveRetryOptions, type ResolvedRetryOptions, type RetryOptions } from './options.ts';
import { pause } from './pause.ts';
import type { RetryStatistics } from './statistics.ts';
import { isRefusal, retryAfterMsOf } from './transient.ts';

/** Without a pause, every so many retries wait for the event loop all the same, so that nobody else starves. */
const retriesPerTurn = 8;

/**
 * Runs an operation again when it failed in a way that may pass.
 *
 * Invariants:
 * - at most `1 + maxRetries` executions; the call settles as the last of them did, with the very error it threw;
 * - nothing starts once the call is cancelled or its deadline, or `maxElapsedMs`, has passed;
 * - no wait is begun that could not end in time: the call fails at once instead.
 *
 * An error with a `retryAfterMs` is not retried before that. If the call has neither a deadline nor `maxElapsedMs`, it
 * never waits longer than `backoff.maxMs` between attempts.
 */
export class Retry implements Policy {
  readonly #options: ResolvedRetryOptions;
  readonly #hub = new EventHub<RetryEvent>();
  readonly #calls = {
    succeededWithoutRetry: 0,
    succeededAfterRetry: 0,
    failedWithoutRetry: 0,
    failedAfterRetry: 0,
  };
  #retries = 0;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: RetryOptions = {}) {
    this.#options = resolveRetryOptions(options);
  }

  get name(): string {
    return this.#options.name;
  }

  get options(): ResolvedRetryOptions {
    return this.#options;
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
   * @throws What `isRetryable` throws.
   */
  async execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    const { name, clock, budget, maxElapsedMs } = this.#options;
    throwIfCancelled(options);
    const call = new Execution(options, clock, firstAttempt);
    if (call.remainingMs() === 0) throw new DeadlineExceededError(name);
    const giveUpAt = maxElapsedMs === Infinity ? Infinity : clock.now() + maxElapsedMs;
    budget?.earn();
    let retries = 0;
    try {
      for (let attempt = call; ; attempt = new Execution(call, clock, { attempt: retries })) {
        try {
          const value = await operation(attempt);
          this.#calls[retries === 0 ? 'succeededWithoutRetry' : 'succeededAfterRetry'] += 1;
          return value;
        } catch (error) {
          await this.#prepareRetry(retries + 1, error, call, giveUpAt);
          throwIfCancelled(call);
          retries += 1;
          this.#retries += 1;
        }
      }
    } catch (outcome) {
      this.#calls[retries === 0 ? 'failedWithoutRetry' : 'failedAfterRetry'] += 1;
      throw outcome;
    }
  }

  statistics(): RetryStatistics {
    return { component: 'retry', calls: { ...this.#calls }, retries: this.#retries };
  }

  /** Returns when attempt number `attempt` may start; throws what the call ends with if there will be none. */
  async #prepareRetry(attempt: number, error: unknown, call: Execution, giveUpAt: number): Promise<void> {
    const { name, clock, maxRetries, isRetryable } = this.#options;
    throwIfCancelled(call);
    if (attempt > maxRetries || !(await isRetryable(error))) throw this.#givingUp(attempt, error);
    throwIfCancelled(call);
    const delayMs = this.#delayMs(attempt, error, call, giveUpAt);
    if (delayMs === undefined || !this.#isAffordable(error)) throw this.#givingUp(attempt, error);
    if (this.#hub.observed) this.#hub.emit({ type: 'retried', policy: name, attempt, delayMs, error });
    if (delayMs === 0 && attempt % retriesPerTurn > 0) return;
    await pause(clock, delayMs, cancellationOf(call));
    // A busy process ends its pauses late.
    if (this.#remainingMs(call, giveUpAt) <= 0) throw this.#givingUp(attempt, error);
  }

  /** How long to wait; `undefined` if the call may not wait that long. */
  #delayMs(attempt: number, error: unknown, call: Execution, giveUpAt: number): number | undefined {
    const { backoff, random } = this.#options;
    const retryAfterMs = retryAfterMsOf(error) ?? 0;
    const delayMs = Math.max(backoffMs(attempt, backoff, random()), retryAfterMs);
    const remainingMs = this.#remainingMs(call, giveUpAt);
    if (remainingMs === Infinity) return delayMs <= backoff.maxMs ? delayMs : undefined;
    return delayMs < remainingMs ? delayMs : undefined;
  }

  #remainingMs(call: Execution, giveUpAt: number): number {
    if (giveUpAt === Infinity) return call.remainingMs();
    return Math.min(call.remainingMs(), giveUpAt - this.#options.clock.now());
  }

  #isAffordable(error: unknown): boolean {
    const { name, budget } = this.#options;
    if (budget === undefined || isRefusal(error) || budget.trySpend()) return true;
    if (this.#hub.observed) this.#hub.emit({ type: 'budget-exhausted', policy: name, error });
    return false;
  }

  #givingUp(attempts: number, error: unknown): unknown {
    if (this.#hub.observed) this.#hub.emit({ type: 'gave-up', policy: this.name, attempts, error });
    return error;
  }
}

// A call counts its own attempts, whatever policy around it repeats it.
const firstAttempt = { attempt: 0 };
