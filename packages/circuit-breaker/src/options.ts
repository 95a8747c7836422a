import {
  callable,
  type Clock,
  duration,
  InvalidOptionError,
  methods,
  object,
  oneOf,
  ratio,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';

import type { Classify } from './judging/classify.ts';

/** Judges the last `calls` calls, however old they are. */
export interface CountWindowOptions {
  /** From 1 to 1,000,000. */
  readonly calls: number;
}

/** Judges the calls of the last `durationMs`. */
export interface TimeWindowOptions {
  /** In milliseconds, at least 1. */
  readonly durationMs: number;
  /** How finely the window slides: calls leave it a bucket at a time. From 1 to 1,000. Defaults to 10. */
  readonly buckets?: number | undefined;
}

export interface SlowCallOptions {
  /** From how many milliseconds on a call is slow, at least 1. */
  readonly afterMs: number;
  /** Share of slow calls in the window that opens the circuit, over 0 to 1. */
  readonly ratio: number;
}

export interface HalfOpenOptions {
  /** Trial calls of one round, under way and decided, at least 1. Defaults to 3. */
  readonly calls?: number | undefined;
  /** Most of them that may fail, less than `calls`. Defaults to 0. */
  readonly maxFailures?: number | undefined;
  /** How long a trial call may take before it counts as failed, in milliseconds, at least 1. Defaults to 10,000. */
  readonly leaseMs?: number | undefined;
}

export interface RampOptions {
  /** From the first call after a recovery until all calls are let through, in milliseconds, at least 1. */
  readonly durationMs: number;
  /** Share of the calls that is let through at first, over 0 to 1. Defaults to 0.1. */
  readonly startRatio?: number | undefined;
}

/** `'on'` refuses calls, `'shadow'` only tells what it would have done, `'off'` neither refuses nor counts. */
export type CircuitBreakerMode = 'on' | 'shadow' | 'off';

export interface CircuitBreakerOptions {
  /** Shown in errors, events and statistics. Defaults to `'circuit-breaker'`. */
  readonly name?: string | undefined;
  /** Which calls are judged. Defaults to `{ durationMs: 10_000, buckets: 10 }`. */
  readonly window?: CountWindowOptions | TimeWindowOptions | undefined;
  /** Share of failed calls in the window that opens the circuit, over 0 to 1. Defaults to 0.5. */
  readonly failureRatio?: number | undefined;
  /** Calls that must be in the window before it is judged, at least 1. Defaults to 20, or to `window.calls` if that is less. */
  readonly minCalls?: number | undefined;
  /**
   * Counts calls as slow, when they end or when they have not ended in time, and trial calls that were slow as failed.
   * Defaults to not at all.
   */
  readonly slow?: SlowCallOptions | undefined;
  /** How long the circuit stays open at first, in milliseconds; doubles with each opening in a row. Defaults to 5,000. */
  readonly openForMs?: number | undefined;
  /** Bound of that growth, before jitter. Defaults to 60,000, or to `openForMs` if that is more. */
  readonly maxOpenForMs?: number | undefined;
  /** How far an open time is spread to both sides, 0 to 1. Defaults to 0.2. */
  readonly jitterRatio?: number | undefined;
  /** How long the circuit must have been closed for the next opening to count as a first one. Defaults to 30,000. */
  readonly stableForMs?: number | undefined;
  /** How the circuit finds out whether it may close. */
  readonly halfOpen?: HalfOpenOptions | undefined;
  /** Lets only a growing share of the calls through after a recovery. Defaults to all of them at once. */
  readonly ramp?: RampOptions | undefined;
  /** Whether the circuit refuses, only tells, or does nothing. Defaults to `'on'`. */
  readonly mode?: CircuitBreakerMode | undefined;
  /**
   * Judges outcomes; where it returns `undefined`, or what is no verdict, the default holds: a value is a success, an error
   * a failure, and a refusal by another policy, a passed deadline or a mistake of the caller's own code (`ReferenceError`,
   * and `TypeError` unless it tells of the network) is ignored. Not asked about what a call threw after it was cancelled.
   */
  readonly classify?: Classify | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
  /** Numbers from 0 to 1 for the jitter. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** What may be changed while the breaker is at work. */
export type CircuitBreakerChanges = Omit<CircuitBreakerOptions, 'name' | 'clock' | 'random'>;

export type ResolvedTimeWindowOptions = Required<TimeWindowOptions> & { readonly buckets: number };
export type ResolvedWindowOptions = CountWindowOptions | ResolvedTimeWindowOptions;

export interface ResolvedCircuitBreakerOptions {
  readonly name: string;
  readonly window: ResolvedWindowOptions;
  readonly failureRatio: number;
  readonly minCalls: number;
  readonly slow: SlowCallOptions | undefined;
  readonly openForMs: number;
  readonly maxOpenForMs: number;
  readonly jitterRatio: number;
  readonly stableForMs: number;
  readonly halfOpen: { readonly calls: number; readonly maxFailures: number; readonly leaseMs: number };
  readonly ramp: { readonly durationMs: number; readonly startRatio: number } | undefined;
  readonly mode: CircuitBreakerMode;
  readonly classify: Classify | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

// Shared, so that a breaker of a large registry does not hold its own.
const defaultWindow: ResolvedWindowOptions = Object.freeze({ durationMs: 10_000, buckets: 10 });
const defaultHalfOpen: ResolvedCircuitBreakerOptions['halfOpen'] = Object.freeze({
  calls: 3,
  maxFailures: 0,
  leaseMs: 10_000,
});

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: CircuitBreakerOptions): ResolvedCircuitBreakerOptions {
  object('options', options);
  const window = options.window === undefined ? defaultWindow : resolveWindow(options.window);
  const mostCalls = 'calls' in window ? window.calls : undefined;
  const openForMs = duration('openForMs', options.openForMs ?? 5_000);
  const defaultMaxOpenForMs = Math.max(60_000, openForMs);
  return {
    name: text('name', options.name ?? 'circuit-breaker'),
    window,
    failureRatio: ratio('failureRatio', options.failureRatio ?? 0.5, 'over'),
    minCalls: wholeNumber('minCalls', options.minCalls ?? Math.min(20, mostCalls ?? 20), 1, mostCalls),
    slow: options.slow === undefined ? undefined : resolveSlow(options.slow),
    openForMs,
    maxOpenForMs: duration('maxOpenForMs', options.maxOpenForMs ?? defaultMaxOpenForMs, openForMs),
    jitterRatio: ratio('jitterRatio', options.jitterRatio ?? 0.2),
    stableForMs: duration('stableForMs', options.stableForMs ?? 30_000),
    halfOpen: options.halfOpen === undefined ? defaultHalfOpen : resolveHalfOpen(options.halfOpen),
    ramp: options.ramp === undefined ? undefined : resolveRamp(options.ramp),
    mode: oneOf('mode', options.mode ?? 'on', ['on', 'shadow', 'off']),
    classify: options.classify === undefined ? undefined : callable('classify', options.classify),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
    random: callable('random', options.random ?? Math.random),
  };
}

function resolveWindow(window: CountWindowOptions | TimeWindowOptions): ResolvedWindowOptions {
  const given: Partial<CountWindowOptions & TimeWindowOptions> = object('window', window);
  const { calls, durationMs, buckets } = given;
  if ((calls === undefined) === (durationMs === undefined))
    throw new InvalidOptionError('window', 'an object with either calls or durationMs', window);
  if (calls !== undefined) return { calls: wholeNumber('window.calls', calls, 1, 1_000_000) };
  return {
    durationMs: duration('window.durationMs', durationMs, 1),
    buckets: wholeNumber('window.buckets', buckets ?? 10, 1, 1_000),
  };
}

function resolveSlow(slow: SlowCallOptions): SlowCallOptions {
  const { afterMs, ratio: share } = object('slow', slow);
  return {
    afterMs: duration('slow.afterMs', afterMs, 1),
    ratio: ratio('slow.ratio', share, 'over'),
  };
}

function resolveHalfOpen(halfOpen: HalfOpenOptions): ResolvedCircuitBreakerOptions['halfOpen'] {
  const given = object('halfOpen', halfOpen);
  const calls = wholeNumber('halfOpen.calls', given.calls ?? defaultHalfOpen.calls, 1);
  return {
    calls,
    maxFailures: wholeNumber(
      'halfOpen.maxFailures',
      given.maxFailures ?? defaultHalfOpen.maxFailures,
      0,
      calls - 1,
    ),
    leaseMs: duration('halfOpen.leaseMs', given.leaseMs ?? defaultHalfOpen.leaseMs, 1),
  };
}

function resolveRamp(ramp: RampOptions): { readonly durationMs: number; readonly startRatio: number } {
  const { durationMs, startRatio } = object('ramp', ramp);
  return {
    durationMs: duration('ramp.durationMs', durationMs, 1),
    startRatio: ratio('ramp.startRatio', startRatio ?? 0.1, 'over'),
  };
}

/** Whether both count the same calls in the same way, so that what one has counted is right for the other. */
export function hasSameShape(
  one: ResolvedCircuitBreakerOptions,
  other: ResolvedCircuitBreakerOptions,
): boolean {
  if (one.slow?.afterMs !== other.slow?.afterMs) return false;
  const [left, right] = [one.window, other.window] as Partial<
    CountWindowOptions & ResolvedTimeWindowOptions
  >[];
  return (
    left?.calls === right?.calls && left?.durationMs === right?.durationMs && left?.buckets === right?.buckets
  );
}
