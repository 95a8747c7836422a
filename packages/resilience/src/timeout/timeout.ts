import {
  type Cancellation,
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

import type { TimeoutEvent } from './events.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import { resolveTimeoutOptions, type ResolvedTimeoutOptions, type TimeoutOptions } from './options.ts';
import type { TimeoutStatistics } from './statistics.ts';
import { type Held, type RunLedger, type TimedCall, TimedRun } from './timed-run.ts';

/**
 * Lets a caller go when an operation takes too long.
 *
 * Invariants:
 * - a caller is let go by whatever comes first: its own signal, its deadline, or the timeout; on a tie in this order;
 * - the operation's signal is aborted only if its caller was let go, and with the same reason that the caller gets;
 * - there is at most one timer for all the runs that have no deadline, and none while nothing runs.
 *
 * An operation that does not heed its signal goes on as a zombie; what it then returns is discarded, what it throws is dropped.
 */
export class Timeout implements Policy {
  readonly #hub = new EventHub<TimeoutEvent>();
  readonly #ledger: RunLedger;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: TimeoutOptions) {
    const resolved = resolveTimeoutOptions(options);
    const { name: policy, timeoutMs, clock } = resolved;
    const hub = this.#hub;
    const queue = new ExpiryQueue(timeoutMs, clock, (lateMs) => {
      if (hub.observed) hub.emit({ type: 'lagged', policy, lateMs });
    });
    this.#ledger = { options: resolved, hub, queue, inTime: 0, timedOut: 0, zombies: 0 };
  }

  get name(): string {
    return this.options.name;
  }

  get options(): ResolvedTimeoutOptions {
    return this.#ledger.options;
  }

  get events(): EventSource<TimeoutEvent> {
    return this.#hub;
  }

  /**
   * Runs `operation` and waits for it no longer than `timeoutMs`.
   *
   * @param held - Released exactly once: when the operation has really ended, which may be after its caller was let go,
   *   or at the latest `zombieGraceMs` after its caller was let go.
   * @throws Whatever the operation throws.
   * @throws {TimeoutError} when the operation takes longer than `timeoutMs`.
   * @throws {DeadlineExceededError} when the call's deadline passes first.
   * @throws The signal's reason, when it aborts first.
   */
  execute<T>(operation: Operation<T>, options?: ExecuteOptions, held?: Held): Promise<T> {
    return new Promise((resolve, reject) => {
      this.start(operation, { options, attempt: undefined, held, resolve, reject });
    });
  }

  /** As `execute`, for a caller that wants no promise; never throws. */
  start<T>(operation: Operation<T>, call: TimedCall<T>): void {
    try {
      this.#start(operation, call);
    } catch (refusal) {
      call.held?.release();
      call.reject(refusal);
    }
  }

  statistics(): TimeoutStatistics {
    const { inTime, timedOut, zombies } = this.#ledger;
    return { component: 'timeout', calls: { inTime, timedOut }, zombies };
  }

  /** @throws Why the operation must not run at all. */
  #start<T>(operation: Operation<T>, call: TimedCall<T>): void {
    const { name, timeoutMs, clock } = this.options;
    const { options, attempt } = call;
    throwIfCancelled(options);
    const deadlineMs = options?.deadlineMs ?? Infinity;
    if (deadlineMs === 0) throw new DeadlineExceededError(name);
    const outer = cancellationOf(options);
    const run = new TimedRun(this.#ledger, call, outer);
    const isLimit = timeoutMs < deadlineMs;
    const terms = { attempt, cancellation: run, expiry: isLimit ? run : undefined };
    const execution = new Execution(options, clock, terms);
    if (outer !== undefined || deadlineMs <= timeoutMs) this.#watch(run, outer, deadlineMs);
    execution.start(operation).then(
      (value) => run.succeed(value),
      (error: unknown) => run.fail(error),
    );
    // Last, so that an operation that has settled already leaves the queue before a timer is set.
    if (isLimit && run.callerWaits) this.#ledger.queue.add(run);
  }

  /** Lets the caller go when it wants to, or when its deadline passes before the timeout. */
  #watch(run: TimedRun<never>, cancellation: Cancellation | undefined, deadlineMs: number): void {
    const { name, timeoutMs, clock } = this.options;
    const stopListening = cancellation?.onCancel((reason) => run.letGo(reason));
    const cancelTimer =
      deadlineMs <= timeoutMs && deadlineMs !== Infinity
        ? clock.schedule(() => run.letGo(new DeadlineExceededError(name)), deadlineMs)
        : undefined;
    run.stopWatching = () => {
      stopListening?.();
      cancelTimer?.();
    };
  }
}
