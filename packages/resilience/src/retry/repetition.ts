import { cancellationOf, type EventHub, type ExecuteOptions, throwIfCancelled } from '@holdfast/core';

import { currentExecution } from '../context/current-execution.ts';
import { discard } from '../discard.ts';
import { backoffMs } from './backoff.ts';
import type { RetryEvent } from './events.ts';
import type { ResolvedRetryOptions } from './options.ts';
import { pause } from './pause.ts';
import { isAnswer, isRefusal, retryAfterMsOf } from './transient.ts';

/** Without a pause, every so many retries wait for the event loop all the same, so that nobody else starves. */
const retriesPerTurn = 8;

/** What the calls of one retry have in common. */
export interface RetryLedger {
  readonly options: ResolvedRetryOptions;
  readonly hub: EventHub<RetryEvent>;
  readonly calls: {
    succeededWithoutRetry: number;
    succeededAfterRetry: number;
    failedWithoutRetry: number;
    failedAfterRetry: number;
  };
  retries: number;
}

/** The attempts of one call, as far as they decide about the next one. */
export class Repetition {
  /** Number of the attempt that runs now: 0 for the first one. */
  attempt = 0;
  readonly #ledger: RetryLedger;
  readonly #call: ExecuteOptions | undefined;
  readonly #giveUpAt: number;

  /** @param call - With a `deadlineMs` that counts down, as that of an `Execution` does, if it has one. */
  constructor(ledger: RetryLedger, call: ExecuteOptions | undefined) {
    const { clock, maxElapsedMs } = ledger.options;
    this.#ledger = ledger;
    this.#call = call;
    this.#giveUpAt = maxElapsedMs === Infinity ? Infinity : clock.now() + maxElapsedMs;
  }

  /** Whether values have to be judged, too: then every attempt ends with `next`. */
  get judgesValues(): boolean {
    return this.#ledger.options.isRetryableValue !== undefined;
  }

  succeeded(): void {
    this.#ledger.calls[this.attempt === 0 ? 'succeededWithoutRetry' : 'succeededAfterRetry'] += 1;
  }

  /**
   * After an attempt: resolves to `true` when another one may start, to `false` when the call ends as the attempt did, and
   * rejects with what it ends with instead.
   */
  async next(outcome: PromiseSettledResult<unknown>): Promise<boolean> {
    let goesOn = false;
    try {
      throwIfCancelled(this.#call);
      if (outcome.status === 'fulfilled' && !(await this.#judgesBad(outcome.value))) {
        this.succeeded();
        return false;
      }
      goesOn = await this.#prepare(this.attempt + 1, outcome);
      throwIfCancelled(this.#call);
    } catch (thrown) {
      this.#discard(outcome);
      this.#failed();
      throw thrown;
    }
    if (goesOn) this.#goOn(outcome);
    else this.#failed();
    return goesOn;
  }

  async #judgesBad(value: unknown): Promise<boolean> {
    return (await this.#ledger.options.isRetryableValue?.(value)) === true;
  }

  /** Waits until attempt number `attempt` may start; `false` if there will be none. */
  async #prepare(attempt: number, outcome: PromiseSettledResult<unknown>): Promise<boolean> {
    const { options, hub } = this.#ledger;
    const { name: policy, clock, maxRetries, nested } = options;
    if (attempt > maxRetries || !(await this.#isRetryable(outcome))) return this.#giveUp(attempt, outcome);
    throwIfCancelled(this.#call);
    if (nested === 'once' && isWithinRetry()) return this.#giveUp(attempt, outcome);
    const error = resultOf(outcome);
    const delayMs = this.#delayMs(attempt, error);
    if (delayMs === undefined || !this.#isAffordable(error)) return this.#giveUp(attempt, outcome);
    if (hub.observed) hub.emit({ type: 'retried', policy, attempt, delayMs, error });
    if (delayMs === 0 && attempt % retriesPerTurn > 0) return true;
    await pause(clock, delayMs, cancellationOf(this.#call));
    // A busy process ends its pauses late.
    return this.#remainingMs() > 0 || this.#giveUp(attempt, outcome);
  }

  async #isRetryable(outcome: PromiseSettledResult<unknown>): Promise<boolean> {
    return outcome.status === 'fulfilled' || this.#ledger.options.isRetryable(outcome.reason);
  }

  /** How long to wait; `undefined` if the call may not wait that long. */
  #delayMs(attempt: number, result: unknown): number | undefined {
    const { backoff, random } = this.#ledger.options;
    const retryAfterMs = retryAfterMsOf(result) ?? 0;
    const delayMs = Math.max(backoffMs(attempt, backoff, random()), retryAfterMs);
    const remainingMs = this.#remainingMs();
    if (remainingMs === Infinity) return delayMs <= backoff.maxMs ? delayMs : undefined;
    return delayMs < remainingMs ? delayMs : undefined;
  }

  #remainingMs(): number {
    const remainingMs = this.#call?.deadlineMs ?? Infinity;
    if (this.#giveUpAt === Infinity) return remainingMs;
    return Math.min(remainingMs, this.#giveUpAt - this.#ledger.options.clock.now());
  }

  #isAffordable(error: unknown): boolean {
    const { options, hub } = this.#ledger;
    const { name: policy, budget } = options;
    const isFree = budget === undefined || (isRefusal(error) && !isAnswer(error));
    if (isFree || budget.trySpend()) return true;
    if (hub.observed) hub.emit({ type: 'budget-exhausted', policy, error });
    return false;
  }

  #giveUp(attempts: number, outcome: PromiseSettledResult<unknown>): false {
    const { options, hub } = this.#ledger;
    if (hub.observed) hub.emit({ type: 'gave-up', policy: options.name, attempts, error: resultOf(outcome) });
    return false;
  }

  #goOn(outcome: PromiseSettledResult<unknown>): void {
    this.#discard(outcome);
    this.attempt += 1;
    this.#ledger.retries += 1;
  }

  #failed(): void {
    this.#ledger.calls[this.attempt === 0 ? 'failedWithoutRetry' : 'failedAfterRetry'] += 1;
  }

  #discard(outcome: PromiseSettledResult<unknown>): void {
    if (outcome.status === 'fulfilled') discard(this.#ledger.options.onDiscard, outcome.value);
  }
}

function isWithinRetry(): boolean {
  return (currentExecution()?.attempt ?? 0) > 0;
}

/** What an attempt ended with: its error, or a value that was judged as bad as one. */
function resultOf(outcome: PromiseSettledResult<unknown>): unknown {
  return outcome.status === 'fulfilled' ? outcome.value : outcome.reason;
}
