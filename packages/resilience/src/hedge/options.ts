import {
  atLeast,
  callable,
  type Clock,
  InvalidOptionError,
  object,
  oneOf,
  ratio,
  text,
  wholeNumber,
} from '@holdfast/core';

import { disposeOf } from '../discard.ts';
import { clockOf, limitMs } from '../limits.ts';

/** Hedge calls that take longer than this share of the calls before them. */
export interface HedgeDelay {
  /** Over 0, up to 1. Defaults to 0.95. */
  readonly quantile?: number | undefined;
  /** Nothing is hedged before so many calls have succeeded, from 1 to 1,000,000. Defaults to 100. */
  readonly minSamples?: number | undefined;
}

export interface HedgeOptions {
  /** Says that the operation may run more than once at the same time without harm. */
  readonly idempotent: true;
  /** Shown in events and statistics. Defaults to `'hedge'`. */
  readonly name?: string | undefined;
  /**
   * How long to wait for an execution before another one starts, in milliseconds, at least 0; `Infinity` to start another
   * only when one has failed. Defaults to the 95th percentile of the calls so far.
   */
  readonly delay?: number | HedgeDelay | undefined;
  /** Most executions of one call beside the first, at least 1. Defaults to 1. */
  readonly maxHedges?: number | undefined;
  /**
   * What hedges are paid from: each success earns `ratio` hedges (0 to 1, defaults to 0.05), and at most `maxSaved` (at
   * least 1, defaults to 10) are kept for later.
   */
  readonly budget?:
    | { readonly ratio?: number | undefined; readonly maxSaved?: number | undefined }
    | undefined;
  /** Whether a value is an answer, or as bad as an error. Defaults to all. */
  readonly isAcceptable?: ((value: unknown) => boolean) | undefined;
  /** Which error a call fails with of which all executions have failed. Defaults to `'last'`. */
  readonly throws?: 'first' | 'last' | undefined;
  /** Takes what an execution returned that nobody waits for. Defaults to disposing of it, if it can be disposed of. */
  readonly onDiscard?: ((value: unknown) => unknown) | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** The options of a {@link Hedge}, with every default filled in. */
export interface ResolvedHedgeOptions {
  readonly name: string;
  readonly delay: number | { readonly quantile: number; readonly minSamples: number };
  readonly maxHedges: number;
  readonly budget: { readonly ratio: number; readonly maxSaved: number };
  readonly isAcceptable: (value: unknown) => boolean;
  readonly throws: 'first' | 'last';
  readonly onDiscard: (value: unknown) => unknown;
  readonly clock: Clock;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveHedgeOptions(options: HedgeOptions): ResolvedHedgeOptions {
  object('options', options);
  if ((options.idempotent as unknown) !== true)
    throw new InvalidOptionError(
      'idempotent',
      'true, because the operation may run twice',
      options.idempotent,
    );
  const { delay = {} } = options;
  const budget = options.budget === undefined ? {} : object('budget', options.budget);
  return {
    name: text('name', options.name ?? 'hedge'),
    delay: typeof delay === 'number' ? limitMs('delay', delay, 0) : quantileOf(object('delay', delay)),
    maxHedges: wholeNumber('maxHedges', options.maxHedges ?? 1, 1),
    budget: {
      ratio: ratio('budget.ratio', budget.ratio ?? 0.05),
      maxSaved: atLeast('budget.maxSaved', budget.maxSaved ?? 10, 1),
    },
    isAcceptable: callable('isAcceptable', options.isAcceptable ?? (() => true)),
    throws: oneOf('throws', options.throws ?? 'last', ['first', 'last']),
    onDiscard: callable('onDiscard', options.onDiscard ?? disposeOf),
    clock: clockOf(options.clock),
  };
}

function quantileOf({ quantile, minSamples }: HedgeDelay): Exclude<ResolvedHedgeOptions['delay'], number> {
  return {
    quantile: ratio('delay.quantile', quantile ?? 0.95, 'over'),
    // There is room for all of them from the start.
    minSamples: wholeNumber('delay.minSamples', minSamples ?? 100, 1, 1_000_000),
  };
}
