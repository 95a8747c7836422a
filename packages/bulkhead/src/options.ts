import {
  callable,
  type Clock,
  duration,
  InvalidOptionError,
  isHoldfastError,
  methods,
  object,
  oneOf,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';

import {
  type AutoLimitOptions,
  type ResolvedAutoLimitOptions,
  resolveAutoLimit,
} from './auto-limit-options.ts';

export interface BulkheadOptions {
  /** Shown in errors, events and statistics. Defaults to `'bulkhead'`. */
  readonly name?: string | undefined;
  /**
   * Most operations running at once, at least 1. `'auto'`, or options for it, finds it by measuring how fast operations
   * are answered.
   */
  readonly limit: number | 'auto' | AutoLimitOptions;
  /** Most callers waiting for a slot, at least 0. Defaults to 0: whoever finds no slot is refused at once. */
  readonly maxQueued?: number | undefined;
  /** Longest wait for a slot, in milliseconds, at least 0. Defaults to no limit but the deadline of the call. */
  readonly maxWaitMs?: number | undefined;
  /**
   * `'codel'` serves in the order of arrival while the queue moves; when it stands, the newest first, and newcomers push
   * out who has waited too long. `'fifo'` always serves in the order of arrival and sheds nobody; see the guide for what
   * that does to a dependency that is slow for a while. Defaults to `'codel'`.
   */
  readonly discipline?: 'codel' | 'fifo' | undefined;
  /** Wait in milliseconds that is fine to last, at least 0. Over a typical wait in a burst. Defaults to 100. */
  readonly targetWaitMs?: number | undefined;
  /**
   * The queue stands when all who came within so many milliseconds, at least 1, found its oldest waiter over the target.
   * Whoever has waited longer than this is then shed when somebody comes. Over the time of a slow operation. Defaults to
   * 500.
   */
  readonly shedAfterMs?: number | undefined;
  /**
   * Of the slots given while others wait, the least that each criticality gets in which somebody waits; from 0, which
   * lets the most critical starve the others, to 0.25. Defaults to 0.1.
   */
  readonly minShareRatio?: number | undefined;
  /** How many slots a tenant gets in a round of all tenants that wait, from 1 to 1000. Defaults to 1 for each. */
  readonly tenantWeight?: ((tenant: string) => number) | undefined;
  /**
   * Whether the error of an operation is a sign of overload, for `limit: 'auto'`. Defaults to errors with the code
   * `ERR_TIMEOUT`. Other errors tell it nothing.
   */
  readonly isOverload?: ((error: unknown) => boolean) | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export type ResolvedBulkheadOptions = {
  readonly [Option in Exclude<keyof BulkheadOptions, 'limit'>]-?: NonNullable<BulkheadOptions[Option]>;
} & { readonly limit: number | ResolvedAutoLimitOptions };

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: BulkheadOptions): ResolvedBulkheadOptions {
  object('options', options);
  const { limit, maxWaitMs = Infinity, minShareRatio = 0.1, tenantWeight = equalWeight } = options;
  return {
    name: text('name', options.name ?? 'bulkhead'),
    limit: limit === 'auto' || typeof limit === 'object' ? resolveAutoLimit(limit) : resolveLimit(limit),
    maxQueued: wholeNumber('maxQueued', options.maxQueued ?? 0, 0),
    maxWaitMs: maxWaitMs === Infinity ? Infinity : duration('maxWaitMs', maxWaitMs),
    discipline: oneOf('discipline', options.discipline ?? 'codel', ['codel', 'fifo']),
    targetWaitMs: duration('targetWaitMs', options.targetWaitMs ?? 100),
    shedAfterMs: duration('shedAfterMs', options.shedAfterMs ?? 500, 1),
    minShareRatio: shareRatio(minShareRatio),
    tenantWeight: callable('tenantWeight', tenantWeight),
    isOverload: callable('isOverload', options.isOverload ?? isTimeout),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

/** @throws {InvalidOptionError} unless it is a whole number of at least 1. */
export function resolveLimit(limit: number): number {
  return wholeNumber('limit', limit, 1);
}

/** @throws {InvalidOptionError} unless it is a whole number from 1 to 1000. */
export function resolveWeight(weight: number): number {
  return wholeNumber('tenantWeight()', weight, 1, 1_000);
}

function shareRatio(value: number): number {
  if (typeof value === 'number' && value >= 0 && value <= 0.25) return value;
  throw new InvalidOptionError('minShareRatio', 'a number from 0 to 0.25', value);
}

const equalWeight = (): number => 1;

const isTimeout = (error: unknown): boolean => isHoldfastError(error, 'ERR_TIMEOUT');
