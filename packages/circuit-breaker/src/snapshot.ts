import { InvalidOptionError } from '@holdfast/core';

import type { CircuitState } from './circuit/state.ts';

/** What a window held, oldest calls first or newest buckets first. */
export type WindowSnapshot =
  | { readonly kind: 'calls'; readonly calls: number; readonly outcomes: readonly number[] }
  | { readonly kind: 'duration'; readonly bucketMs: number; readonly buckets: readonly BucketSnapshot[] };

export interface BucketSnapshot {
  /** How long before the snapshot the bucket began, in milliseconds. */
  readonly ageMs: number;
  readonly calls: number;
  readonly failures: number;
  readonly slowCalls: number;
}

/**
 * What another breaker needs to go on where this one was: plain data that survives JSON. Times are kept as what was
 * left of them, since readings of a monotonic clock mean nothing to another process.
 */
export interface CircuitBreakerSnapshot {
  readonly version: 1;
  /** Wall clock of the moment, in milliseconds since 1970: what has passed since is taken off what was left. */
  readonly takenAt: number;
  readonly state: Exclude<CircuitState, 'disabled'>;
  /** Openings in a row without a stable time between them. */
  readonly trips: number;
  /** What is left of the open time, in milliseconds; 0 unless open. */
  readonly openForMs: number;
  /** How long the circuit has been closed, in milliseconds; 0 unless closed. */
  readonly closedForMs: number;
  /** What is left of the recovery ramp, in milliseconds; `undefined` without one. */
  readonly rampForMs?: number | undefined;
  /** `undefined` unless closed. */
  readonly window?: WindowSnapshot | undefined;
}

const states: ReadonlySet<unknown> = new Set(['closed', 'open', 'half-open', 'isolated']);

/**
 * Takes nothing on trust: a snapshot comes from a file or a store.
 *
 * @throws {InvalidOptionError} naming what is wrong with it.
 */
export function checkedSnapshot(given: CircuitBreakerSnapshot): CircuitBreakerSnapshot {
  if (typeof given !== 'object' || (given as unknown) === null || (given.version as unknown) !== 1)
    throw new InvalidOptionError('snapshot', 'a snapshot of version 1', given);
  if (!states.has(given.state))
    throw new InvalidOptionError(
      'snapshot.state',
      "one of 'closed', 'open', 'half-open', 'isolated'",
      given.state,
    );
  if (!Number.isFinite(given.takenAt))
    throw new InvalidOptionError('snapshot.takenAt', 'a finite number', given.takenAt);
  for (const field of ['trips', 'openForMs', 'closedForMs'] as const) {
    const value: unknown = given[field];
    if (!isAmount(value))
      throw new InvalidOptionError(`snapshot.${field}`, 'a finite number of at least 0', value);
  }
  if (given.rampForMs !== undefined && !isAmount(given.rampForMs))
    throw new InvalidOptionError('snapshot.rampForMs', 'a finite number of at least 0', given.rampForMs);
  if (given.window !== undefined && !isWindow(given.window))
    throw new InvalidOptionError('snapshot.window', 'what a window held', given.window);
  return given;
}

function isWindow(window: WindowSnapshot): boolean {
  if (typeof window !== 'object' || (window as unknown) === null) return false;
  if (window.kind === 'calls')
    return (
      Array.isArray(window.outcomes) &&
      window.outcomes.length <= window.calls &&
      window.outcomes.every((outcome) => [0, 1, 2, 3].includes(outcome))
    );
  return (
    (window.kind as unknown) === 'duration' && Array.isArray(window.buckets) && window.buckets.every(isBucket)
  );
}

function isBucket(bucket: BucketSnapshot): boolean {
  if (typeof bucket !== 'object' || (bucket as unknown) === null) return false;
  const { ageMs, calls, failures, slowCalls } = bucket;
  return isAmount(ageMs) && [calls, failures, slowCalls].every((sum) => isAmount(sum) && sum <= calls);
}

function isAmount(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0;
}
