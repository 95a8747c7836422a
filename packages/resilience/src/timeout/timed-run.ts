import {
  type Cancel,
  type Cancellation,
  CancellationSource,
  type ExecuteOptions,
  type EventHub,
  type Expiry,
  isHoldfastError,
} from '@holdfast/core';

import { discard } from '../discard.ts';
import { TimeoutError } from './errors.ts';
import type { TimeoutEvent } from './events.ts';
import { type ExpiryQueue, type Expiring, timerSlackMs } from './expiry-queue.ts';
import type { ResolvedTimeoutOptions } from './options.ts';

/** Something that an operation takes up while it runs, such as a slot of a bulkhead. */
export interface Held {
  /** @param outcome - How the operation ended, for what learns from that: `'overload'` if it ran out of time. */
  release(outcome?: 'success' | 'overload' | 'ignored'): void;
}

/** Whoever waits for a timed operation. It is told the outcome once. */
export interface TimedCall<T> {
  readonly options: ExecuteOptions | undefined;
  /** What the operation is told of the attempts before it; `undefined` for what the options say. */
  readonly attempt: number | undefined;
  /** Released exactly once: when the operation has really ended, or at the latest `zombieGraceMs` after the caller was let go. */
  readonly held: Held | undefined;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** What the runs of one timeout have in common. */
export interface RunLedger {
  readonly options: ResolvedTimeoutOptions;
  readonly hub: EventHub<TimeoutEvent>;
  readonly queue: ExpiryQueue;
  inTime: number;
  timedOut: number;
  zombies: number;
}

/**
 * One execution under a timeout. Two things happen to it, each once and in either order: its caller gets an outcome,
 * and its operation ends. In between, if the caller went first, it is a zombie.
 *
 * It is also what cancels its operation, through a source that exists once somebody asks.
 */
export class TimedRun<T> implements Expiring, Expiry, Cancellation {
  previous: Expiring | undefined;
  next: Expiring | undefined;
  /** Stops watching for what lets the caller go besides the timeout. */
  stopWatching: Cancel | undefined;
  readonly #ledger: RunLedger;
  readonly #call: TimedCall<T>;
  readonly #outer: Cancellation | undefined;
  #source: CancellationSource | undefined;
  #startedAt: number | undefined;
  #callerWaits = true;
  #holds = true;
  #expired = false;
  #cancelGrace: Cancel | undefined;

  constructor(ledger: RunLedger, call: TimedCall<T>, outer: Cancellation | undefined) {
    this.#ledger = ledger;
    this.#call = call;
    this.#outer = outer;
  }

  get dueAt(): number {
    const { timeoutMs, clock } = this.#ledger.options;
    this.#startedAt ??= clock.now();
    return this.#startedAt + timeoutMs;
  }

  startBy(now: number): void {
    this.#startedAt ??= now;
  }

  get callerWaits(): boolean {
    return this.#callerWaits;
  }

  get cancelled(): boolean {
    return this.#own.cancelled;
  }

  get reason(): unknown {
    return this.#own.reason;
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  onCancel(listener: (reason: unknown) => void): Cancel {
    return this.#own.onCancel(listener);
  }

  succeed(value: T): void {
    if (!this.#callerWaits) {
      this.#endZombie();
      discard(this.#ledger.options.onDiscard, value);
      return;
    }
    this.#ledger.inTime += 1;
    this.#end('success');
    this.#call.resolve(value);
  }

  fail(error: unknown): void {
    if (!this.#callerWaits) return this.#endZombie();
    const outcome = this.#outcomeOf(error);
    const isTimeout = outcome !== error;
    this.#end(isTimeout ? 'overload' : 'ignored');
    this.#call.reject(outcome);
    if (isTimeout) this.#tellTimedOut();
  }

  expire(): void {
    this.#expired = true;
    this.letGo(this.#timedOut());
    this.#tellTimedOut();
  }

  /** Rejects the caller and tells the operation, with the same reason. */
  letGo(reason: unknown): void {
    const { queue } = this.#ledger;
    this.#callerWaits = false;
    this.#ledger.zombies += 1;
    queue.delete(this);
    this.stopWatching?.();
    if (this.#call.held !== undefined) this.#startGrace();
    this.#call.reject(reason);
    this.#own.cancel(reason);
  }

  get #own(): CancellationSource {
    return (this.#source ??= new CancellationSource(this.#outer));
  }

  /** The operation has ended while its caller waits. */
  #end(outcome: 'success' | 'overload' | 'ignored'): void {
    this.#callerWaits = false;
    this.#release(outcome);
    this.#ledger.queue.delete(this);
    this.stopWatching?.();
    this.#source?.release();
  }

  /** The operation has ended, and nobody wants to know how. */
  #endZombie(): void {
    this.#release(this.#expired ? 'overload' : 'ignored');
    this.#ledger.zombies -= 1;
    this.#cancelGrace?.();
  }

  /** What is nested sees this timeout as its deadline, and may be the first to notice that it has passed. */
  #outcomeOf(error: unknown): unknown {
    if (isHoldfastError(error, 'ERR_DEADLINE_EXCEEDED')) {
      const remainingMs = this.dueAt - this.#ledger.options.clock.now();
      if (remainingMs <= timerSlackMs) return this.#timedOut();
    }
    this.#ledger.inTime += 1;
    return error;
  }

  #timedOut(): TimeoutError {
    const { name, timeoutMs } = this.#ledger.options;
    this.#ledger.timedOut += 1;
    return new TimeoutError(name, timeoutMs);
  }

  /** Once the caller has been let go: a listener that aborts the call then comes too late to let it go again. */
  #tellTimedOut(): void {
    const { options, hub } = this.#ledger;
    const { name: policy, timeoutMs } = options;
    if (hub.observed) hub.emit({ type: 'timed-out', policy, timeoutMs });
  }

  #startGrace(): void {
    const { options, hub } = this.#ledger;
    const leak = (): void => {
      if (hub.observed) hub.emit({ type: 'leaked', policy: options.name });
      this.#release(this.#expired ? 'overload' : 'ignored');
    };
    this.#cancelGrace = options.clock.schedule(leak, options.zombieGraceMs, { background: true });
  }

  #release(outcome: 'success' | 'overload' | 'ignored'): void {
    if (!this.#holds) return;
    this.#holds = false;
    this.#call.held?.release(outcome);
  }
}
