import type { Verdict } from './classify.ts';
import type { Probe } from './probe-round.ts';

/**
 * Leave to make one call. Report its end once, by whichever method; later reports do nothing. A permit that nobody
 * reports on distorts nothing while the circuit is closed, and counts as failed when its lease ends if it was half-open.
 */
export interface Permit {
  success(): void;
  /** @param error - Becomes the `cause` of refusals, should the circuit open. */
  failure(error?: unknown): void;
  /** The call says nothing about the dependency: a trial call gives its place back. */
  ignore(): void;
  /** As `ignore()`. */
  [Symbol.dispose](): void;
}

/** How a call ended for the breaker. `'abandoned'` counts only if it was slow. */
export type Ending = Verdict | 'abandoned';

/** A permit and what the breaker has to remember about it. */
export class Admission implements Permit {
  /** The stay in a state that it was given in; the breaker's number changes with each transition. */
  readonly epoch: number;
  /** Reading of the clock; 0 where it does not matter. */
  readonly startedAt: number;
  /** Its place among the trial calls of a half-open circuit. */
  readonly probe: Probe | undefined;
  readonly #onEnd: (admission: Admission, ending: Ending, error: unknown) => void;
  #ended = false;

  constructor(
    epoch: number,
    startedAt: number,
    probe: Probe | undefined,
    onEnd: (admission: Admission, ending: Ending, error: unknown) => void,
  ) {
    this.epoch = epoch;
    this.startedAt = startedAt;
    this.probe = probe;
    this.#onEnd = onEnd;
  }

  success(): void {
    this.end('success');
  }

  failure(error?: unknown): void {
    this.end('failure', error);
  }

  ignore(): void {
    this.end('ignore');
  }

  [Symbol.dispose](): void {
    this.end('ignore');
  }

  end(ending: Ending, error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd(this, ending, error);
  }
}
