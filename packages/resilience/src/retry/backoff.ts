import { atLeast, duration, object, oneOf } from '@holdfast/core';

/**
 * How a delay is spread, so that callers who failed together do not come back together: over all of it (`'full'`),
 * over its second half (`'equal'`), or not at all (`'none'`).
 */
export type Jitter = 'full' | 'equal' | 'none';

/** How long to pause between attempts: exponentially longer, up to a bound. */
export interface BackoffOptions {
  /** Before the first retry, in milliseconds, before jitter. Defaults to 50. */
  readonly initialMs?: number | undefined;
  /** Longest pause in milliseconds, at least `initialMs`. Defaults to 2,000, or to `initialMs` if that is more. */
  readonly maxMs?: number | undefined;
  /** How much longer each pause is than the one before, at least 1. Defaults to 2. */
  readonly factor?: number | undefined;
  /** Defaults to `'full'`. */
  readonly jitter?: Jitter | undefined;
}

/** {@link BackoffOptions} with every default filled in. */
export type ResolvedBackoffOptions = {
  readonly [Option in keyof BackoffOptions]-?: NonNullable<BackoffOptions[Option]>;
};

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveBackoff(given: BackoffOptions = {}): ResolvedBackoffOptions {
  const options = object('backoff', given);
  const initialMs = duration('backoff.initialMs', options.initialMs ?? 50);
  return {
    initialMs,
    maxMs: duration('backoff.maxMs', options.maxMs ?? Math.max(2_000, initialMs), initialMs),
    factor: atLeast('backoff.factor', options.factor ?? 2, 1),
    jitter: oneOf('backoff.jitter', options.jitter ?? 'full', ['full', 'equal', 'none']),
  };
}

/**
 * Milliseconds to pause before attempt number `attempt`, which is 1 for the first retry. From 0 to `maxMs`, however
 * large the number: where the power overflows, the bound takes over.
 *
 * @param random - A number from 0 to 1.
 * @see "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015), for the kinds of jitter
 */
export function backoffMs(attempt: number, options: ResolvedBackoffOptions, random: number): number {
  const { initialMs, maxMs, factor, jitter } = options;
  if (initialMs === 0) return 0;
  const longestMs = Math.min(maxMs, initialMs * factor ** (attempt - 1));
  if (jitter === 'none') return longestMs;
  return jitter === 'full' ? longestMs * random : (longestMs * (1 + random)) / 2;
}
