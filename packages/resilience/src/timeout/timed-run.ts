import { type Cancel, type CancellationSource, type EventHub, isHoldfastError } from '@holdfast/core';

import { TimeoutError } from './errors.ts';
import type { TimeoutEvent } from './events.ts';
import { type ExpiryQueue, type Expiring, timerSlackMs } from './expiry-queue.ts';
import type { ResolvedTimeoutOptions } from './options.ts';

/** Something that an operation takes up while it runs, such as a slot of a bulkhead. */
export interface Held {
  release(): void;
}

/** The two ends of the promise that a caller holds. */
export interface Caller<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
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
 */
export class TimedRun<T> implements Expiring {
  /** Reading of the clock at which the timeout ends it; `Infinity` if something else does before. */
  readonly dueAt: number;
  previous: Expiring | undefined;
  next: Expiring | undefined;
  /** Stops watching for what lets the caller go besides the timeout. */
  stopWatching: Cancel | undefined;
  readonly #ledger: RunLedger;
  readonly #source: CancellationSource;
  readonly #caller: Caller<T>;
  #held: Held | undefined;
  #callerWaits = true;
  #cancelGrace: Cancel | undefined;

  constructor(
    ledger: RunLedger,
    dueAt: number,
    source: CancellationSource,
    held: Held | undefined,
    caller: Caller<T>,
  ) {
    this.#ledger = ledger;
    this.dueAt = dueAt;
    this.#source = source;
    this.#held = held;
    this.#caller = caller;
  }

  get callerWaits(): boolean {
    return this.#callerWaits;
  }

  succeed(value: T): void {
    if (this.#callerWaits) this.#ledger.inTime += 1;
    this.#end();
    this.#caller.resolve(value);
  }

  fail(error: unknown): void {
    if (this.#callerWaits) this.#caller.reject(this.#outcomeOf(error));
    this.#end();
  }

  expire(): void {
    this.letGo(this.#timedOut());
  }

  /** Rejects the caller and tells the operation, with the same reason. */
  letGo(reason: unknown): void {
    const { queue } = this.#ledger;
    this.#callerWaits = false;
    this.#ledger.zombies += 1;
    queue.delete(this);
    this.stopWatching?.();
    if (this.#held !== undefined) this.#startGrace();
    this.#caller.reject(reason);
    this.#source.cancel(reason);
  }

  /** The operation has ended. */
  #end(): void {
    this.#release();
    if (this.#callerWaits) {
      this.#callerWaits = false;
      this.#ledger.queue.delete(this);
      this.stopWatching?.();
      this.#source.release();
    } else {
      this.#ledger.zombies -= 1;
      this.#cancelGrace?.();
    }
  }

  /** What is nested sees this timeout as its deadline, and may be the first to notice that it has passed. */
  #outcomeOf(error: unknown): unknown {
    const remainingMs = this.dueAt - this.#ledger.options.clock.now();
    if (remainingMs <= timerSlackMs && isHoldfastError(error, 'ERR_DEADLINE_EXCEEDED'))
      return this.#timedOut();
    this.#ledger.inTime += 1;
    return error;
  }

  #timedOut(): TimeoutError {
    const { options, hub } = this.#ledger;
    const { name: policy, timeoutMs } = options;
    this.#ledger.timedOut += 1;
    if (hub.observed) hub.emit({ type: 'timed-out', policy, timeoutMs });
    return new TimeoutError(policy, timeoutMs);
  }

  #startGrace(): void {
    const { options, hub } = this.#ledger;
    const leak = (): void => {
      if (hub.observed) hub.emit({ type: 'leaked', policy: options.name });
      this.#release();
    };
    this.#cancelGrace = options.clock.schedule(leak, options.zombieGraceMs, { background: true });
  }

  #release(): void {
    this.#held?.release();
    this.#held = undefined;
  }
}
