import type { Cancellation } from '@holdfast/core';

import { type Ending, endingOfError, endingOfValue } from '../judging/ending.ts';
import type { Permit } from '../permit.ts';
import type { Probe } from './probe-round.ts';
import type { Turnstile } from './turnstile.ts';

/**
 * A permit and what the breaker has to remember about it. Made once and used again for call after call: `held` until
 * its end was reported, `ended` until it is disposed, `spare` until the next call. One that is `shared` stands for all
 * the calls of an epoch about which nothing has to be remembered, each of which reports once.
 */
export class Admission implements Permit {
  /** The stay in a state that it was given in; the breaker's number changes with each transition. */
  epoch = 0;
  /** Reading of the clock; 0 where it does not matter. */
  startedAt = 0;
  /** Its place among the trial calls of a half-open circuit. */
  probe: Probe | undefined;
  /** Its neighbours among the calls that a closed circuit has under way. */
  older: Admission | undefined;
  newer: Admission | undefined;
  overdue = false;
  nextSpare: Admission | undefined;
  readonly #turnstile: Turnstile;
  #phase: 'spare' | 'held' | 'ended' | 'shared' = 'spare';
  #cancellation: Cancellation | undefined;
  #onFulfilled: ((value: unknown) => unknown) | undefined;
  #onRejected: ((error: unknown) => never) | undefined;

  constructor(turnstile: Turnstile) {
    this.#turnstile = turnstile;
  }

  begin(epoch: number, startedAt: number, probe: Probe | undefined): void {
    this.epoch = epoch;
    this.startedAt = startedAt;
    this.probe = probe;
    this.#phase = 'held';
  }

  share(epoch: number): this {
    this.begin(epoch, 0, undefined);
    this.#phase = 'shared';
    return this;
  }

  success(): void {
    this.#end('success');
  }

  failure(error?: unknown): void {
    this.#end('failure', error);
  }

  ignore(): void {
    this.#end('ignore');
  }

  fulfilled(value: unknown): void {
    const { classify } = this.#turnstile;
    if (classify === undefined) this.#end('success');
    else this.#judge(() => endingOfValue(classify, value), undefined);
    this[Symbol.dispose]();
  }

  rejected(error: unknown, cancelled = false): void {
    const { classify } = this.#turnstile;
    if (cancelled) this.#end('abandoned', error);
    else this.#judge(() => endingOfError(classify, error), error);
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#phase === 'shared' || this.#phase === 'spare') return;
    this.#end('ignore');
    this.#phase = 'spare';
    this.#cancellation = undefined;
    this.#turnstile.takeBack(this);
  }

  /** One promise more than the operation's own, where an async function would take two, and no function per call. */
  watch<T>(outcome: Promise<T>, cancellation: Cancellation | undefined): Promise<T> {
    this.#cancellation = cancellation;
    this.#onFulfilled ??= (value) => {
      // Most calls of most breakers: worth a way of their own.
      if (this.#phase === 'shared' && this.#turnstile.classify === undefined)
        this.#turnstile.end(this, 'success', undefined);
      else this.fulfilled(value);
      return value;
    };
    this.#onRejected ??= (error) => {
      this.rejected(error, this.#cancellation?.cancelled === true);
      throw error;
    };
    return outcome.then(this.#onFulfilled as (value: T) => T, this.#onRejected);
  }

  /** Leaves the list of the calls under way, which may be that of an earlier stay. */
  unlink(): void {
    this.older = this.newer = undefined;
    this.overdue = false;
  }

  /** A judge that throws has judged nothing: the call is ignored. */
  #judge(judge: () => Ending, error: unknown): void {
    let ending: Ending;
    try {
      ending = judge();
    } catch (bug) {
      this.#end('ignore');
      this[Symbol.dispose]();
      throw bug;
    }
    this.#end(ending, error);
  }

  #end(ending: Ending, error?: unknown): void {
    if (this.#phase === 'held') this.#phase = 'ended';
    else if (this.#phase !== 'shared') return;
    this.#turnstile.end(this, ending, error);
  }
}
