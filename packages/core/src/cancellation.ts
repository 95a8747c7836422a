import type { Cancel } from './clock.ts';
import { surface } from './events.ts';
import type { ExecuteOptions } from './policy.ts';

/** A call's wish that may be withdrawn: by the caller's signal, or by a policy further out that gives up. */
export interface Cancellation {
  readonly cancelled: boolean;
  /** The signal's own reason; `undefined` until cancelled. */
  readonly reason: unknown;
  /** The same wish as a platform signal; may be created on first read. */
  readonly signal: AbortSignal;
  /** Calls `listener` once, synchronously, when cancelled later. The returned function takes the listener back. */
  onCancel(listener: (reason: unknown) => void): Cancel;
}

/** Call options that a policy made: they carry the cancellation itself, so that no signal has to exist. */
interface Cancellable {
  readonly cancellation: Cancellation | undefined;
}

/**
 * What may cancel a call with these options, or `undefined` if nothing can. Asking never creates an
 * `AbortSignal`, and all the calls that share one user signal share one listener on it.
 */
export function cancellationOf(options: ExecuteOptions | undefined): Cancellation | undefined {
  if (options === undefined) return undefined;
  if ('cancellation' in options) return (options as Cancellable).cancellation;
  return options.signal === undefined ? undefined : fanOutOf(options.signal);
}

/** @throws The reason, if the call is no longer wanted. */
export function throwIfCancelled(options: ExecuteOptions | undefined): void {
  const cancellation = cancellationOf(options);
  if (cancellation?.cancelled === true) throw cancellation.reason;
}

// A cache, not state: a second copy of this module adds one listener more per signal and changes nothing else.
const fanOuts = new WeakMap<AbortSignal, FanOut>();

function fanOutOf(signal: AbortSignal): FanOut {
  let fanOut = fanOuts.get(signal);
  if (fanOut === undefined) fanOuts.set(signal, (fanOut = new FanOut(signal)));
  return fanOut;
}

/** One wait for a cancellation, between its neighbours; its own neighbour once it is over. */
class Waiting {
  previous: Waiting = this;
  next: Waiting = this;
  readonly notify: (reason: unknown) => void;

  constructor(notify: (reason: unknown) => void) {
    this.notify = notify;
  }
}

/**
 * Everybody who waits for one cancellation, in a ring, in the order in which they came. Not a `Set`, whose tables refer to each
 * other: those of a signal that lives long would keep all who ever waited alive until a full garbage collection.
 */
export class WaitingList {
  /** Before the first and after the last. */
  readonly #end = new Waiting(() => undefined);

  get isEmpty(): boolean {
    return this.#end.next === this.#end;
  }

  add(notify: (reason: unknown) => void): Waiting {
    const waiting = new Waiting(notify);
    waiting.previous = this.#end.previous;
    waiting.next = this.#end;
    waiting.previous.next = this.#end.previous = waiting;
    return waiting;
  }

  /** Tells whether it still waited. */
  remove(waiting: Waiting): boolean {
    if (waiting.next === waiting) return false;
    waiting.previous.next = waiting.next;
    waiting.next.previous = waiting.previous;
    waiting.previous = waiting.next = waiting;
    return true;
  }

  /** Tells each once and forgets it. One that throws keeps nobody from being told: its error surfaces as an uncaught one. */
  tellAll(reason: unknown): void {
    for (let { next } = this.#end; this.remove(next); { next } = this.#end) {
      try {
        next.notify(reason);
      } catch (error) {
        surface(error);
      }
    }
  }
}

/** Everybody who waits on one user signal. Invariant: one listener is on the signal exactly while somebody waits. */
class FanOut implements Cancellation {
  readonly signal: AbortSignal;
  readonly #waiting = new WaitingList();

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  get cancelled(): boolean {
    return this.signal.aborted;
  }

  get reason(): unknown {
    return this.signal.reason;
  }

  onCancel(listener: (reason: unknown) => void): Cancel {
    if (this.#waiting.isEmpty) this.signal.addEventListener('abort', this.#onAbort);
    const waiting = this.#waiting.add(listener);
    return () => {
      if (!this.#waiting.remove(waiting) || !this.#waiting.isEmpty) return;
      this.signal.removeEventListener('abort', this.#onAbort);
    };
  }

  // Taken off by hand: adding it with `once` would cost every call that is not aborted, which is nearly all of them.
  readonly #onAbort = (): void => {
    this.signal.removeEventListener('abort', this.#onAbort);
    this.#waiting.tellAll(this.signal.reason);
  };
}
