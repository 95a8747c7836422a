import { callable, type Clock, methods, object, oneOf, text, wholeNumber } from '@holdfast/core';

import { disposeOf } from '../discard.ts';
import { clockOf, limitMs } from '../limits.ts';
import { type BackoffOptions, resolveBackoff, type ResolvedBackoffOptions } from './backoff.ts';
import type { RetryBudget } from './retry-budget.ts';
import { isTransient } from './transient.ts';

export interface RetryOptions {
  /** Shown in errors, events and statistics. Defaults to `'retry'`. */
  readonly name?: string | undefined;
  /** Most retries of one call, at least 0. Defaults to 2. */
  readonly maxRetries?: number | undefined;
  /** How long to pause between attempts. */
  readonly backoff?: BackoffOptions | undefined;
  /**
   * No retry starts this many milliseconds after the call or later, whatever its deadline. `Infinity` for no limit,
   * which is the default.
   */
  readonly maxElapsedMs?: number | undefined;
  /** Whether to try again after this error. Not asked once the call is cancelled. Defaults to {@link isTransient}. */
  readonly isRetryable?: ((error: unknown) => boolean | PromiseLike<boolean>) | undefined;
  /** Whether to try again after this value, as after an error. Defaults to never. */
  readonly isRetryableValue?: ((value: unknown) => boolean | PromiseLike<boolean>) | undefined;
  /** Takes the values that another attempt follows. Defaults to disposing of them, if they can be disposed of. */
  readonly onDiscard?: ((value: unknown) => unknown) | undefined;
  /**
   * What to do inside a retry of somebody else, where attempts multiply: not to retry (`'once'`), or to retry all the same
   * (`'allow'`). Defaults to `'once'`.
   */
  readonly nested?: 'once' | 'allow' | undefined;
  /** What retries are paid from. Share one among all that call the same dependency. Defaults to no budget. */
  readonly budget?: Pick<RetryBudget, 'earn' | 'trySpend'> | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
  /** Numbers from 0 to 1 for the jitter. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** The options of a {@link Retry}, with every default filled in. */
export interface ResolvedRetryOptions {
  readonly name: string;
  readonly maxRetries: number;
  readonly backoff: ResolvedBackoffOptions;
  readonly maxElapsedMs: number;
  readonly isRetryable: (error: unknown) => boolean | PromiseLike<boolean>;
  readonly isRetryableValue: ((value: unknown) => boolean | PromiseLike<boolean>) | undefined;
  readonly onDiscard: (value: unknown) => unknown;
  readonly nested: 'once' | 'allow';
  readonly budget: Pick<RetryBudget, 'earn' | 'trySpend'> | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveRetryOptions(options: RetryOptions): ResolvedRetryOptions {
  object('options', options);
  return {
    name: text('name', options.name ?? 'retry'),
    maxRetries: wholeNumber('maxRetries', options.maxRetries ?? 2, 0),
    backoff: resolveBackoff(options.backoff),
    maxElapsedMs: limitMs('maxElapsedMs', options.maxElapsedMs ?? Infinity, 0),
    isRetryable: callable('isRetryable', options.isRetryable ?? isTransient),
    isRetryableValue: options.isRetryableValue && callable('isRetryableValue', options.isRetryableValue),
    onDiscard: callable('onDiscard', options.onDiscard ?? disposeOf),
    nested: oneOf('nested', options.nested ?? 'once', ['once', 'allow']),
    budget: options.budget === undefined ? undefined : methods('budget', options.budget, 'earn', 'trySpend'),
    clock: clockOf(options.clock),
    random: callable('random', options.random ?? Math.random),
  };
}
