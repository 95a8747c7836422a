import type { Cancel, Clock, EventHub, Policy } from '@holdfast/core';

import { atDeadline } from '../deadline.ts';
import { TierTimeoutError } from '../errors.ts';
import type { LowerTierLevel, TieredCacheEvent } from '../events.ts';

export interface ChannelOptions {
  /** Name of the cache. */
  readonly name: string;
  readonly level: LowerTierLevel;
  readonly timeoutMs: number;
  readonly guard: Policy;
  readonly clock: Clock;
  readonly hub: EventHub<TieredCacheEvent>;
}

/** How an operation ended for whoever waited: with a value, after a failure or a timeout, or without having run. */
export type Attempt<T> =
  | { readonly outcome: 'done'; readonly value: T }
  | { readonly outcome: 'failed' | 'skipped'; readonly error: unknown };

/** How one operation differs from the others of its tier. */
export interface AttemptTerms {
  /** Wait this many milliseconds instead of the tier's timeout, if that is less. */
  readonly limitMs?: number | undefined;
  readonly watch?: Watch | undefined;
}

/** Whom to tell about one operation. */
export interface Watch {
  /** It failed, or is no longer waited for. Called before `onEnd`. */
  readonly onFailure: () => void;
  /** It has come to its own end, perhaps long after it failed by taking too long. */
  readonly onEnd: () => void;
}

/** One attempt under way. */
interface Running {
  over: boolean;
  /** The operation itself, once the guard has let it begin. */
  work: Promise<unknown> | undefined;
  /** Makes the guard see that the time is up. */
  expire: ((error: unknown) => void) | undefined;
}

/**
 * The way to a tier: each operation is bounded in time and passes the guard.
 *
 * Invariant: an attempt never rejects and settles within `timeoutMs`, whatever the tier and the guard do. A process that
 * was busy for longer takes no answer that has come meanwhile for none.
 */
export class TierChannel {
  readonly #options: ChannelOptions;
  #running = 0;
  #onIdle: (() => void) | undefined;
  #up = true;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /** Whether the last operation worked. */
  get up(): boolean {
    return this.#up;
  }

  /** Built by hand, as reads pass here by the thousand: two promises of its own, where races would take six. */
  attempt<T>(work: () => Promise<T>, terms?: AttemptTerms): Promise<Attempt<T>> {
    const { guard, clock, name, level } = this.#options;
    const watch = terms?.watch;
    const timeoutMs = Math.min(this.#options.timeoutMs, terms?.limitMs ?? Infinity);
    this.#running += 1;
    return new Promise((resolve) => {
      const running: Running = { over: false, work: undefined, expire: undefined };
      const succeed = (value: T): void => {
        if (!this.#end(running, cancel)) return;
        watch?.onEnd();
        this.#rise();
        resolve({ outcome: 'done', value });
      };
      const fail = (error: unknown): void => {
        if (!this.#end(running, cancel)) return;
        watch?.onFailure();
        if (watch !== undefined) afterwards(running.work, watch.onEnd);
        this.#fall(error);
        resolve({ outcome: running.work === undefined ? 'skipped' : 'failed', error });
      };
      const expire = (): void => {
        const error = new TierTimeoutError(name, level, timeoutMs);
        running.expire?.(error);
        fail(error);
      };
      const cancel = atDeadline(clock, expire, timeoutMs);
      begun(() => guard.execute(() => begin(running, work))).then(succeed, fail);
    });
  }

  /** Resolves when nobody waits for an operation any longer. */
  async idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  /** Tells whether this ends the attempt: only the first end counts. */
  #end(running: Running, cancel: Cancel): boolean {
    if (running.over) return false;
    running.over = true;
    cancel();
    this.#running -= 1;
    if (this.#running === 0) this.#onIdle?.();
    return true;
  }

  #rise(): void {
    if (this.#up) return;
    this.#up = true;
    const { name, level, hub } = this.#options;
    if (hub.observed) hub.emit({ type: 'tier-recovered', cache: name, tier: level });
  }

  #fall(error: unknown): void {
    if (!this.#up) return;
    this.#up = false;
    const { name, level, hub } = this.#options;
    if (hub.observed) hub.emit({ type: 'tier-failed', cache: name, tier: level, error });
  }
}

/** Begins what may be anybody's, a guard or a tier: also what it throws at once is a failure. */
function begun<T>(work: () => Promise<T>): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Starts the operation, unless the guard has kept it for so long that nobody waits any more. */
function begin<T>(running: Running, work: () => Promise<T>): Promise<T> {
  if (running.over) return Promise.reject(new Error('the time was up before the operation could begin'));
  return new Promise((resolve, reject) => {
    const started = begun(work);
    running.work = started;
    running.expire = reject;
    started.then(resolve, reject);
  });
}

/** Calls `onEnd` when the operation has settled, or at once if it never began. */
function afterwards(work: Promise<unknown> | undefined, onEnd: () => void): void {
  if (work === undefined) onEnd();
  else work.then(onEnd, onEnd);
}
