import {
  callable,
  type Clock,
  InvalidOptionError,
  object,
  type OperationContext,
  text,
  wholeNumber,
} from '@holdfast/core';

import { clockOf } from '../limits.ts';

/** Answers a call that failed. It gets the error, and the context that the operation had. */
export type FallbackFunction<Fallen> = (
  error: unknown,
  context: OperationContext,
) => Fallen | PromiseLike<Fallen>;

export interface FallbackOptions<Fallen> {
  /** Shown in events and statistics. Defaults to `'fallback'`. */
  readonly name?: string | undefined;
  /** What answers, or several, tried in their order until one does not throw. */
  readonly answers: FallbackFunction<Fallen> | readonly FallbackFunction<Fallen>[];
  /** Which errors are answered. Defaults to all. */
  readonly handles?: ((error: unknown) => boolean) | undefined;
  /** Which errors are not, even if `handles` says they are. Defaults to none. */
  readonly skips?: ((error: unknown) => boolean) | undefined;
  /** Most calls that are being answered at once, at least 1. Defaults to 10. */
  readonly maxConcurrent?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** The options of a {@link Fallback}, with every default filled in. */
export interface ResolvedFallbackOptions<Fallen> {
  readonly name: string;
  readonly answers: readonly FallbackFunction<Fallen>[];
  readonly handles: (error: unknown) => boolean;
  readonly maxConcurrent: number;
  readonly clock: Clock;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveFallbackOptions<Fallen>(
  options: FallbackOptions<Fallen>,
): ResolvedFallbackOptions<Fallen> {
  object('options', options);
  const answers = [options.answers].flat() as readonly FallbackFunction<Fallen>[];
  if (answers.length === 0) throw new InvalidOptionError('answers', 'at least one function', answers);
  for (const answer of answers) callable('answers', answer);
  const handles = callable('handles', options.handles ?? (() => true));
  const skips = callable('skips', options.skips ?? (() => false));
  return {
    name: text('name', options.name ?? 'fallback'),
    answers,
    handles: (error) => !skips(error) && handles(error),
    maxConcurrent: wholeNumber('maxConcurrent', options.maxConcurrent ?? 10, 1),
    clock: clockOf(options.clock),
  };
}
