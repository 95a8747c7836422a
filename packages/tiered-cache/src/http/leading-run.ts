import type { Cancel, Clock } from '@holdfast/core';

import type { Answer } from './answer.ts';
import { HandlerFailedError } from './errors.ts';
import type { HandlerResponse, HeaderPair } from './handler-response.ts';
import type { KeptResponse } from './kept-response.ts';
import { isFailure } from './storability.ts';
import type { StoredResponse } from './stored-response.ts';
import type { HandlerRun } from './turn.ts';

export interface LeadingRunOptions {
  readonly clock: Clock;
  readonly handoverMs: number;
  readonly maxBodyBytes: number;
  readonly headers: readonly HeaderPair[];
  readonly conditions: readonly HeaderPair[];
  /** Asked for only if the handler takes one. */
  readonly context: { readonly signal: AbortSignal };
  /** The whole response where this one only confirms what is held. */
  whole(response: HandlerResponse): HandlerResponse;
  /** What may be kept of a response. */
  keep(whole: HandlerResponse): KeptResponse | undefined;
  /** Called where there is no response to be kept. */
  pass(): void;
  answer(response: StoredResponse, outcome: 'stored' | 'instead'): Answer;
  /** The answer from what was confirmed and may not be kept. */
  answerAlone(whole: HandlerResponse): Answer;
}

/**
 * The run of a handler for a client, whose response the cache waits for on behalf of everybody.
 *
 * Invariants:
 * - the response is settled once; what comes after `handoverMs` without a client is not kept;
 * - the client of a response that is no failure waits for nobody else, whatever becomes of the cache.
 */
export class LeadingRun implements HandlerRun {
  readonly kind = 'run';
  readonly #options: LeadingRunOptions;
  readonly #response = Promise.withResolvers<KeptResponse | undefined>();
  readonly #standIn = Promise.withResolvers<StoredResponse | undefined>();
  #settled = false;
  #cancelHandover: Cancel | undefined;

  constructor(options: LeadingRunOptions) {
    this.#options = options;
  }

  get headers(): readonly HeaderPair[] {
    return this.#options.headers;
  }

  get conditions(): readonly HeaderPair[] {
    return this.#options.conditions;
  }

  get maxBodyBytes(): number {
    return this.#options.maxBodyBytes;
  }

  get signal(): AbortSignal {
    return this.#options.context.signal;
  }

  /** What may be kept; rejects if the handler failed. For the cache. */
  get response(): Promise<KeptResponse | undefined> {
    return this.#response.promise;
  }

  settle(response: HandlerResponse): Answer | undefined | Promise<Answer | undefined> {
    if (!this.#settle()) return undefined;
    const { status } = response;
    if (isFailure(status)) return this.#insteadOf(new HandlerFailedError(`answered ${status}`, status));
    const whole = this.#options.whole(response);
    const kept = this.#options.keep(whole);
    this.#response.resolve(kept);
    if (kept !== undefined) return this.#options.answer(kept.response, 'stored');
    return whole === response ? undefined : this.#options.answerAlone(whole);
  }

  pass(): void {
    if (!this.#settle()) return;
    this.#options.pass();
    this.#response.resolve(undefined);
  }

  async fail(error: unknown): Promise<Answer | undefined> {
    return this.#settle() ? this.#insteadOf(error) : undefined;
  }

  leave(): void {
    if (this.#settled || this.#cancelHandover !== undefined) return;
    const giveUp = (): void => {
      if (this.#settle())
        this.#response.reject(new HandlerFailedError('did not answer after its client had left'));
    };
    const { clock, handoverMs } = this.#options;
    this.#cancelHandover = clock.schedule(giveUp, handoverMs, { background: true });
  }

  /** The cache has come to an end: with a response that may stand in for a failure, or with none. */
  conclude(standIn: StoredResponse | undefined): void {
    this.#standIn.resolve(standIn);
  }

  /** Tells whether it was not settled before. */
  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#cancelHandover?.();
    return true;
  }

  async #insteadOf(error: unknown): Promise<Answer | undefined> {
    this.#response.reject(error);
    const standIn = await this.#standIn.promise;
    return standIn && this.#options.answer(standIn, 'instead');
  }
}
