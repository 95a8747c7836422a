import { type Clock, duration, methods, systemClock, text, wholeNumber } from '@holdfast/core';

import { identifier } from '../checks.ts';

export interface RedisOptions {
  /** Shown in errors and statistics. Defaults to `'redis'`. */
  readonly name?: string | undefined;
  /** What every key begins with: letters, digits, `.`, `_` and `-`. Defaults to `'holdfast'`. */
  readonly prefix?: string | undefined;
  /**
   * About how many invalidations the log of a namespace keeps; a whole number of at least 1. Whoever was away for longer
   * begins with an empty first tier. Defaults to 100,000.
   */
  readonly maxLogEntries?: number | undefined;
  /**
   * How many invalidations of tags a namespace remembers, the newest of each tag; a whole number of at least 1. Past it the
   * older half is forgotten: tagged entries from before then count as absent. Defaults to 100,000.
   */
  readonly maxTags?: number | undefined;
  /** How long a reading of the log may take beyond its wait, in milliseconds; at least 1. Defaults to 1,000. */
  readonly logTimeoutMs?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export type ResolvedRedisOptions = {
  readonly [Option in keyof RedisOptions]-?: NonNullable<RedisOptions[Option]>;
};

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: RedisOptions): ResolvedRedisOptions {
  return {
    name: text('name', options.name ?? 'redis'),
    prefix: identifier('prefix', options.prefix ?? 'holdfast'),
    maxLogEntries: wholeNumber('maxLogEntries', options.maxLogEntries ?? 100_000, 1),
    maxTags: wholeNumber('maxTags', options.maxTags ?? 100_000, 1),
    logTimeoutMs: duration('logTimeoutMs', options.logTimeoutMs ?? 1_000, 1),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}
