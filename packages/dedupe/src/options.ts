import {
  callable,
  type Clock,
  duration,
  InvalidOptionError,
  methods,
  object,
  oneOf,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';

import type { AsyncContext } from './async-context.ts';

/**
 * What becomes of a flight when its last caller leaves: it is called off at once, goes on, or waits for another caller
 * for `lingerMs` milliseconds and is called off then. A flight that goes on can be joined.
 */
export type Abandon = 'abort' | 'continue' | { readonly lingerMs: number };

export interface DedupeOptions {
  /** Shown in errors, events and statistics. Defaults to `'dedupe'`. */
  readonly name?: string | undefined;
  /** Defaults to `'abort'`. */
  readonly abandon?: Abandon | undefined;
  /**
   * Age in milliseconds from which a flight is no longer joined: the next caller starts a fresh one, so a flight that
   * hangs holds its key no longer than this. `Infinity` for no limit. Defaults to 30,000.
   */
  readonly maxAgeMs?: number | undefined;
  /** Most keys in flight, at least 1. Defaults to no limit. */
  readonly maxFlights?: number | undefined;
  /** Most callers that wait for one flight, at least 1. Defaults to no limit. */
  readonly maxWaiters?: number | undefined;
  /**
   * What becomes of a call over a bound: `'bypass'` runs its operation for its caller alone, `'reject'` refuses it with a
   * `DedupeFullError`. Defaults to `'bypass'`.
   */
  readonly overflow?: 'bypass' | 'reject' | undefined;
  /**
   * Gives each caller of a value that is shared a copy of its own, for callers that change what they get; for instance
   * `structuredClone`. Defaults to none: all of them get the same object.
   */
  readonly clone?: (<T>(value: T) => T) | undefined;
  /**
   * Lets a dedupe recognise every call that an operation makes for its own key. It costs each flight more than all the
   * rest. Defaults to none: such a call is then recognised if the operation makes it before its first `await`, or
   * hands its own signal on.
   */
  readonly asyncContext?: AsyncContext | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export interface ResolvedDedupeOptions {
  readonly name: string;
  /** How long a flight goes on without a caller; `Infinity` for as long as it takes. */
  readonly lingerMs: number;
  readonly maxAgeMs: number;
  readonly maxFlights: number;
  readonly maxWaiters: number;
  readonly overflow: 'bypass' | 'reject';
  readonly clone: (<T>(value: T) => T) | undefined;
  readonly asyncContext: AsyncContext | undefined;
  readonly clock: Clock;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: DedupeOptions): ResolvedDedupeOptions {
  object('options', options);
  const { clone, asyncContext } = options;
  return {
    name: text('name', options.name ?? 'dedupe'),
    lingerMs: lingerMsOf(options.abandon ?? 'abort'),
    maxAgeMs: options.maxAgeMs === Infinity ? Infinity : duration('maxAgeMs', options.maxAgeMs ?? 30_000),
    maxFlights: bound('maxFlights', options.maxFlights),
    maxWaiters: bound('maxWaiters', options.maxWaiters),
    overflow: oneOf('overflow', options.overflow ?? 'bypass', ['bypass', 'reject']),
    clone: clone === undefined ? undefined : callable('clone', clone),
    asyncContext:
      asyncContext === undefined ? undefined : methods('asyncContext', asyncContext, 'getStore', 'run'),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

function lingerMsOf(abandon: Abandon): number {
  if (abandon === 'abort') return 0;
  if (abandon === 'continue') return Infinity;
  if (typeof abandon === 'object') return duration('abandon.lingerMs', abandon.lingerMs);
  throw new InvalidOptionError('abandon', "'abort', 'continue' or { lingerMs }", abandon);
}

function bound(option: string, value: number = Infinity): number {
  return value === Infinity ? Infinity : wholeNumber(option, value, 1);
}
