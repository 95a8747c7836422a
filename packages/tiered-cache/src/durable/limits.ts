import { wholeNumber } from '@holdfast/core';

/** How much a durable tier may hold, all namespaces together. What was written longest ago goes first. */
export interface DurableLimits {
  /** `Infinity` for no limit. */
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export interface DurableLimitOptions {
  readonly maxEntries?: number | undefined;
  readonly maxBytes?: number | undefined;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveLimits(
  { maxEntries, maxBytes }: DurableLimitOptions,
  defaultBytes: number,
): DurableLimits {
  return {
    maxEntries: maxEntries === undefined ? Infinity : wholeNumber('maxEntries', maxEntries, 1),
    maxBytes: wholeNumber('maxBytes', maxBytes ?? defaultBytes, 1),
  };
}
