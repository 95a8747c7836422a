import type { Permit } from '@holdfast/circuit-breaker';
import {
  cancellationOf,
  DeadlineExceededError,
  type ExecuteOptions,
  Execution,
  type Operation,
  throwIfCancelled,
} from '@holdfast/core';

import { runWithin } from '../context/current-execution.ts';
import { discard } from '../discard.ts';
import type { Held, TimedCall } from '../timeout/timed-run.ts';
import type { ChaosPart, PipelineParts } from './slots.ts';

/** Whoever waits for the outcome of an attempt; it is told once. */
interface Caller<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * One attempt of a call: through the breaker's look, the rate limit, the bulkhead, the breaker's admission and the
 * timeout to the operation, and back. Each step goes on at once if there is nothing to wait for.
 */
export class Attempt<T> implements TimedCall<T> {
  readonly options: ExecuteOptions | undefined;
  readonly attempt: number | undefined;
  held: Held | undefined;
  readonly #parts: PipelineParts<unknown>;
  readonly #operation: Operation<T>;
  readonly #caller: Caller<T>;
  #permit: Permit | undefined;

  constructor(
    parts: PipelineParts<unknown>,
    operation: Operation<T>,
    options: ExecuteOptions | undefined,
    attempt: number | undefined,
    caller: Caller<T>,
  ) {
    this.options = options;
    this.attempt = attempt;
    this.#parts = parts;
    this.#operation = operation;
    this.#caller = caller;
  }

  start(): void {
    const { breaker, rateLimit } = this.#parts;
    if (breaker?.admitting === false) return this.#caller.reject(breaker.refusal());
    if (rateLimit === undefined) return this.#queue();
    rateLimit.execute(nothing, this.options).then(
      () => this.#queueLate(),
      (refusal: unknown) => this.#caller.reject(refusal),
    );
  }

  /** The operation's value. */
  resolve(value: T): void {
    try {
      this.#permit?.fulfilled(value);
    } catch (unjudged) {
      discard(this.#parts.onDiscard, value);
      this.#caller.reject(unjudged);
      return;
    }
    this.#caller.resolve(value);
  }

  /** What the operation or its timeout threw. */
  reject(error: unknown): void {
    let outcome = error;
    try {
      this.#permit?.rejected(error, cancellationOf(this.options)?.cancelled);
    } catch (unjudged) {
      outcome = unjudged;
    }
    this.#caller.reject(outcome);
  }

  #queueLate(): void {
    try {
      throwIfOver(this.#parts.name, this.options);
    } catch (over) {
      this.#caller.reject(over);
      return;
    }
    this.#queue();
  }

  #queue(): void {
    const { bulkhead } = this.#parts;
    if (bulkhead === undefined) return this.#admit();
    this.held = bulkhead.tryAcquire();
    if (this.held !== undefined) return this.#admit();
    bulkhead.acquire(this.options).then(
      (slot) => this.#admitLate(slot),
      (refusal: unknown) => this.#caller.reject(refusal),
    );
  }

  #admitLate(slot: Held): void {
    this.held = slot;
    this.#admit();
  }

  /** The circuit may have opened, and the caller may have gone, while the call waited for its slot. */
  #admit(): void {
    const { name, breaker } = this.#parts;
    try {
      throwIfOver(name, this.options);
      this.#permit = breaker?.tryAcquire();
      if (breaker !== undefined && this.#permit === undefined) throw breaker.refusal();
    } catch (refusal) {
      this.held?.release();
      this.#caller.reject(refusal);
      return;
    }
    this.#run();
  }

  #run(): void {
    const { timeout, chaos, clock } = this.#parts;
    const own = this.#isInherited ? inherited(this.#operation) : this.#operation;
    const operation = chaos === undefined ? own : disturbed(chaos, own, this.options);
    if (timeout !== undefined) return timeout.start(operation, this);
    const execution = new Execution(this.options, clock, { attempt: this.attempt });
    execution.start(operation).then(
      (value) => this.#resolveAlone(value),
      (error: unknown) => this.#rejectAlone(error),
    );
  }

  /** Sharing the context costs several times as much as a call. */
  get #isInherited(): boolean {
    return (this.attempt ?? 0) > 0 || this.options?.deadlineMs !== undefined;
  }

  /** Without a timeout nobody else gives back what was held. */
  #resolveAlone(value: T): void {
    this.held?.release('success');
    this.resolve(value);
  }

  #rejectAlone(error: unknown): void {
    this.held?.release();
    this.reject(error);
  }
}

function inherited<T>(operation: Operation<T>): Operation<T> {
  return (context) => runWithin(context, () => operation(context));
}

function disturbed<T>(
  chaos: ChaosPart,
  operation: Operation<T>,
  options: ExecuteOptions | undefined,
): Operation<T> {
  return (context) => chaos.execute(operation, Execution.within(context, options));
}

const nothing = (): void => {};

/** @throws Why the call is no longer wanted: nobody may have told it while it waited. */
function throwIfOver(name: string, options: ExecuteOptions | undefined): void {
  throwIfCancelled(options);
  if (options?.deadlineMs === 0) throw new DeadlineExceededError(name);
}
