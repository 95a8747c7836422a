import { type Clock, duration, methods, systemClock, text, wholeNumber } from '@holdfast/core';

export interface DedupeOptions {
  /** Shown in errors, events and statistics. Defaults to `'dedupe'`. */
  readonly name?: string | undefined;
  /**
   * Age in milliseconds from which a flight is no longer joined: the next caller starts a fresh one, so a flight that
   * hangs holds its key no longer than this. `Infinity` for no limit. Defaults to 30,000.
   */
  readonly maxAgeMs?: number | undefined;
  /** Most keys in flight; over it a new key's operation runs for its caller alone. At least 1; defaults to no limit. */
  readonly maxFlights?: number | undefined;
  /** Most callers of one flight; the next one's operation runs for it alone. At least 1; defaults to no limit. */
  readonly maxWaiters?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export type ResolvedDedupeOptions = {
  readonly [Option in keyof DedupeOptions]-?: NonNullable<DedupeOptions[Option]>;
};

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: DedupeOptions): ResolvedDedupeOptions {
  return {
    name: text('name', options.name ?? 'dedupe'),
    maxAgeMs: options.maxAgeMs === Infinity ? Infinity : duration('maxAgeMs', options.maxAgeMs ?? 30_000),
    maxFlights: bound('maxFlights', options.maxFlights),
    maxWaiters: bound('maxWaiters', options.maxWaiters),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

function bound(option: string, value: number = Infinity): number {
  return value === Infinity ? Infinity : wholeNumber(option, value, 1);
}
