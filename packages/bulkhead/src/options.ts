import { type Clock, duration, methods, systemClock, text, wholeNumber } from '@holdfast/core';

export interface BulkheadOptions {
  /** Shown in errors, events and statistics. Defaults to `'bulkhead'`. */
  readonly name?: string | undefined;
  /** Most operations running at once, at least 1. */
  readonly limit: number;
  /** Most callers waiting for a slot, at least 0. Defaults to 0: whoever finds no slot is refused at once. */
  readonly maxQueued?: number | undefined;
  /** Longest wait for a slot, in milliseconds, at least 0. Defaults to no limit but the deadline of the call. */
  readonly maxWaitMs?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export type ResolvedBulkheadOptions = {
  readonly [Option in keyof BulkheadOptions]-?: NonNullable<BulkheadOptions[Option]>;
};

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: BulkheadOptions): ResolvedBulkheadOptions {
  const { maxWaitMs = Infinity } = options;
  return {
    name: text('name', options.name ?? 'bulkhead'),
    limit: resolveLimit(options.limit),
    maxQueued: wholeNumber('maxQueued', options.maxQueued ?? 0, 0),
    maxWaitMs: maxWaitMs === Infinity ? Infinity : duration('maxWaitMs', maxWaitMs),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

/** @throws {InvalidOptionError} unless it is a whole number of at least 1. */
export function resolveLimit(limit: number): number {
  return wholeNumber('limit', limit, 1);
}
