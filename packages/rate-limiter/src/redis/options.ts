import { duration, oneOf, ratio, text, wholeNumber } from '@holdfast/core';
import { type LeaseOptions, type ResolvedLeaseOptions, resolveLeaseOptions } from './leases/options.ts';

/** A map of the engine holds 2^24 entries at most. */
const mostSubjects = 2 ** 24 - 1;

export interface RedisStoreOptions {
  /** First part of every key. Defaults to `'holdfast:rate-limiter'`. */
  readonly prefix?: string | undefined;

  /** Longest wait for Redis per decision, in milliseconds; over it the decision is local. At least 1. Defaults to 50. */
  readonly timeoutMs?: number | undefined;

  /** After a failure, one call per so many milliseconds asks Redis; the others do not wait. At least 1. Defaults to 1000. */
  readonly probeIntervalMs?: number | undefined;

  /**
   * Processes that share the limits. While Redis does not answer, each admits its part of a limit, rounded up: together at
   * most the limit, plus one per process. A whole number of at least 1. Defaults to 1: the processes do not share.
   */
  readonly instances?: number | undefined;

  /**
   * This process's share of each limit while Redis does not answer; over 0, up to 1. For processes that do not get equal
   * shares of the traffic. Defaults to `1 / instances`.
   */
  readonly localShareRatio?: number | undefined;

  /** Most subjects counted in this process while Redis does not answer, per scope; from 1 to 2²⁴−1. Defaults to 100,000. */
  readonly maxLocalSubjects?: number | undefined;

  /**
   * Most subjects per scope of which this process remembers that they are refused, so that it need not ask again until
   * they may pass; a whole number up to 2²⁴−1, 0 to ask each time. Defaults to 10,000.
   */
  readonly maxDeniedSubjects?: number | undefined;

  /**
   * Whose clock counts. `'client'` sends the wall clock of the caller, for servers that refuse `TIME` in a script; the
   * clocks of all processes must then agree, because the fastest wins. Defaults to `'server'`.
   */
  readonly time?: 'server' | 'client' | undefined;

  /**
   * Takes quota of the limits that all share in advance, as much as this process spent of late, so that a call under such
   * limits only asks nobody, and another one of a cluster sends one command less. For limits that are spent by many processes
   * thousands of times a minute. Shadow limits and those that count attempts are not leased. Defaults to no leases.
   */
  readonly leases?: LeaseOptions | undefined;
}

export type ResolvedRedisStoreOptions = {
  readonly [Option in Exclude<keyof RedisStoreOptions, 'instances' | 'leases'>]-?: NonNullable<
    RedisStoreOptions[Option]
  >;
} & { readonly leases: ResolvedLeaseOptions | undefined };

/** @throws {InvalidOptionError} naming the first option that is wrong. */
export function resolveRedisOptions(options: RedisStoreOptions): ResolvedRedisStoreOptions {
  const instances = wholeNumber('instances', options.instances ?? 1, 1);
  return {
    prefix: text('prefix', options.prefix ?? 'holdfast:rate-limiter'),
    timeoutMs: duration('timeoutMs', options.timeoutMs ?? 50, 1),
    probeIntervalMs: duration('probeIntervalMs', options.probeIntervalMs ?? 1_000, 1),
    localShareRatio: ratio('localShareRatio', options.localShareRatio ?? 1 / instances, 'over'),
    maxLocalSubjects: wholeNumber('maxLocalSubjects', options.maxLocalSubjects ?? 100_000, 1, mostSubjects),
    maxDeniedSubjects: wholeNumber('maxDeniedSubjects', options.maxDeniedSubjects ?? 10_000, 0, mostSubjects),
    time: oneOf('time', options.time ?? 'server', ['server', 'client']),
    leases: options.leases === undefined ? undefined : resolveLeaseOptions(options.leases, instances),
  };
}
