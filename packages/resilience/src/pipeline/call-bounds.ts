import {
  type Cancel,
  CancellationSource,
  cancellationOf,
  type Clock,
  DeadlineExceededError,
  type ExecuteOptions,
  Execution,
  isHoldfastError,
} from '@holdfast/core';

import { timerSlackMs } from '../timeout/expiry-queue.ts';

/**
 * What lets a caller go before its call is done: its own signal, and its deadline. The work inside is then told, and
 * the caller does not wait for it to react.
 */
export class CallBounds {
  /** What the work inside starts from. */
  readonly execution: Execution;
  readonly #name: string;
  readonly #source: CancellationSource;
  #expired = false;
  #cancelTimer: Cancel | undefined;

  constructor(name: string, clock: Clock, options: ExecuteOptions | undefined, limitMs: number) {
    this.#name = name;
    this.#source = new CancellationSource(cancellationOf(options));
    this.execution = new Execution(options, clock, { cancellation: this.#source, limitMs });
    const remainingMs = this.execution.remainingMs();
    if (remainingMs === 0) this.#expire();
    else if (remainingMs !== Infinity) this.#cancelTimer = clock.schedule(this.#expire, remainingMs);
  }

  /** Whether the caller has been let go. */
  get exceeded(): boolean {
    return this.#source.cancelled;
  }

  /** Why. */
  get reason(): unknown {
    return this.#source.reason;
  }

  /** Whether the caller left by itself, before its deadline. */
  get callerLeft(): boolean {
    return this.exceeded && !this.#expired;
  }

  /** Calls `listener` when the caller is let go. */
  onExceeded(listener: () => void): void {
    this.#source.onCancel(listener);
  }

  /** Takes note of what the work failed with: what is inside sees the same deadline, and its timer may be the first. */
  notice(error: unknown): void {
    if (!isHoldfastError(error, 'ERR_DEADLINE_EXCEEDED')) return;
    if (this.execution.remainingMs() <= timerSlackMs) this.#expire();
  }

  /** Leaves no timer and no listener behind. */
  end(): void {
    this.#cancelTimer?.();
    this.#source.release();
  }

  readonly #expire = (): void => {
    if (this.exceeded) return;
    this.#expired = true;
    this.#source.cancel(new DeadlineExceededError(this.#name));
  };
}
