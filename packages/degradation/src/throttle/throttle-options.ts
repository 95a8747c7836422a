import {
  atLeast,
  callable,
  type Clock,
  duration,
  methods,
  object,
  ratio,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';

export interface ClientThrottleOptions {
  /** The dependency; shown in errors. Defaults to `'throttle'`. */
  readonly name?: string | undefined;

  /**
   * How many calls are sent for each that the dependency takes on, before any is held back; at least 1. Defaults to 2: half of
   * what is sent may be refused, which lets a dependency that recovers be noticed soon.
   */
  readonly multiplier?: number | undefined;

  /** Largest share of calls held back, over 0 and up to 1. Defaults to 0.9: the rest finds out when the dependency is back. */
  readonly maxRatio?: number | undefined;

  /** How long a call counts, in milliseconds; at least 1. Defaults to 120,000. */
  readonly windowMs?: number | undefined;

  /** Parts in which the window moves on, from 1 to 100. Defaults to 12. */
  readonly buckets?: number | undefined;

  /**
   * Whether an error means that the dependency did not take the call on. Defaults to {@link isOverload}; any other error is an
   * answer of a dependency that works.
   */
  readonly isRefusal?: ((error: unknown) => boolean) | undefined;

  /** From 0 to 1. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;

  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export type ResolvedThrottleOptions = {
  readonly [Option in keyof ClientThrottleOptions]-?: NonNullable<ClientThrottleOptions[Option]>;
};

/** @throws {InvalidOptionError} naming the first option that is wrong. */
export function resolveThrottleOptions(options: ClientThrottleOptions): ResolvedThrottleOptions {
  object('options', options);
  return {
    name: text('name', options.name ?? 'throttle'),
    multiplier: atLeast('multiplier', options.multiplier ?? 2, 1),
    maxRatio: ratio('maxRatio', options.maxRatio ?? 0.9, 'over'),
    windowMs: duration('windowMs', options.windowMs ?? 120_000, 1),
    buckets: wholeNumber('buckets', options.buckets ?? 12, 1, 100),
    isRefusal: callable('isRefusal', options.isRefusal ?? isOverload),
    // oxlint-disable-next-line no-restricted-properties -- the default of the option
    random: callable('random', options.random ?? Math.random),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

/** Status 429 or 503 under `status` or `statusCode`, or a deadline that passed. */
export function isOverload(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { status, statusCode, code } = error as { status?: unknown; statusCode?: unknown; code?: unknown };
  const told = status ?? statusCode;
  return told === 429 || told === 503 || code === 'ERR_DEADLINE_EXCEEDED' || code === 'ERR_TIMEOUT';
}
