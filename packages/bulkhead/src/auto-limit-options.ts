import { duration, InvalidOptionError, wholeNumber } from '@holdfast/core';

/** Bounds and pace of a limit that finds itself. */
export interface AutoLimitOptions {
  /** Where it starts, from `min` to `max`. Defaults to 20, within them. */
  readonly initial?: number | undefined;
  /** It never goes below, at least 1. Defaults to 1. */
  readonly min?: number | undefined;
  /** It never goes above, at least `min`. Defaults to 1000. */
  readonly max?: number | undefined;
  /** Shortest time over which answers are counted, in milliseconds, more than 0. Defaults to 250. */
  readonly windowMs?: number | undefined;
  /** Fewest answers that a window needs, at least 1. Defaults to 30. */
  readonly minSamples?: number | undefined;
  /** Shortest time between two probes for the time that an operation takes without queueing. Defaults to 10,000 ms. */
  readonly probeIntervalMs?: number | undefined;
}

export type ResolvedAutoLimitOptions = {
  readonly [Option in keyof AutoLimitOptions]-?: NonNullable<AutoLimitOptions[Option]>;
};

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveAutoLimit(options: 'auto' | AutoLimitOptions | null): ResolvedAutoLimitOptions {
  if (options === null) throw new InvalidOptionError('limit', 'a whole number of at least 1', options);
  const given = options === 'auto' ? {} : options;
  const min = wholeNumber('limit.min', given.min ?? 1, 1);
  const max = wholeNumber('limit.max', given.max ?? Math.max(1_000, min), min);
  return {
    min,
    max,
    initial: wholeNumber('limit.initial', given.initial ?? Math.min(Math.max(20, min), max), min, max),
    windowMs: duration('limit.windowMs', given.windowMs ?? 250, 1),
    minSamples: wholeNumber('limit.minSamples', given.minSamples ?? 30, 1),
    probeIntervalMs: duration('limit.probeIntervalMs', given.probeIntervalMs ?? 10_000, 1),
  };
}
