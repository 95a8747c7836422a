import { duration, InvalidOptionError } from '@holdfast/core';
import { globalScope, type LimitRule } from '../../store.ts';

export interface LeaseOptions {
  /**
   * How long what is charged in advance may be spent, in milliseconds, before the rest of it is given back. At least 1, at most
   * half of the shortest window of a limit that is leased. Defaults to 2000.
   */
  readonly ttlMs?: number | undefined;
}

export interface ResolvedLeaseOptions {
  readonly ttlMs: number;
  /** The least number of processes that share what may be leased. */
  readonly instances: number;
}

/** @throws {InvalidOptionError} naming the first option that is wrong. */
export function resolveLeaseOptions(leases: LeaseOptions, instances: number): ResolvedLeaseOptions {
  if (!isObject(leases)) throw new InvalidOptionError('leases', 'an object', leases);
  return { ttlMs: duration('leases.ttlMs', leases.ttlMs ?? 2_000, 1), instances };
}

/**
 * The rules of which quota can be taken in advance: those that all share and that refuse by what was admitted.
 *
 * @throws {InvalidOptionError} if there are none, or leases would outlast what is charged for them.
 */
export function leasable(rules: readonly LimitRule[], { ttlMs }: ResolvedLeaseOptions): readonly LimitRule[] {
  const leased = rules.filter(
    ({ scope, limit, shadow, countsAttempts }) =>
      scope === globalScope && limit > 0 && !shadow && !countsAttempts,
  );
  if (leased.length === 0)
    throw new InvalidOptionError(
      'leases',
      "absent where no limit is by 'global' that refuses and counts what is admitted",
      rules.map(({ name }) => name),
    );
  const short = leased.find(({ windowMs }) => 2 * ttlMs > windowMs);
  if (short !== undefined)
    throw new InvalidOptionError('leases.ttlMs', `at most half of the window of '${short.name}'`, ttlMs);
  return leased;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
