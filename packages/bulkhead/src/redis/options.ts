import { callable, duration, object, ratio, text, wholeNumber } from '@holdfast/core';

import { type BulkheadOptions, type ResolvedBulkheadOptions, resolveOptions } from '../options.ts';

export interface RedisBulkheadOptions extends Omit<BulkheadOptions, 'limit' | 'isOverload'> {
  /** Which bulkhead it is, in keys too: those of one name share one limit. */
  readonly name: string;
  /** Most operations running at once in all processes together, at least 1. */
  readonly limit: number;
  /** A process that says nothing for so many milliseconds has lost its slots, at least 100. Defaults to 10,000. */
  readonly leaseMs?: number | undefined;
  /** How often it is asked for a slot while callers wait, in milliseconds, at least 1; half as much varies. Defaults to 50. */
  readonly pollMs?: number | undefined;
  /** Longest wait for an answer of Redis, in milliseconds, at least 1; later it counts as down. Defaults to 100. */
  readonly timeoutMs?: number | undefined;
  /** How often Redis is tried while it is down, in milliseconds, at least 1. Defaults to 1000. */
  readonly probeIntervalMs?: number | undefined;
  /**
   * This process's share of the limit while Redis is down; over 0, up to 1. With n processes, `1 / n` keeps their sum
   * within the limit, rounded up per process. Defaults to 1: each may use all of it.
   */
  readonly localShareRatio?: number | undefined;
  /** First part of every key. Defaults to `'holdfast:bulkhead'`. */
  readonly prefix?: string | undefined;
  /** From 0 to 1, to spread the requests of processes. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;
}

export interface ResolvedRedisOptions {
  /** Of the queue in this process. */
  readonly queue: ResolvedBulkheadOptions;
  readonly name: string;
  readonly limit: number;
  readonly localLimit: number;
  readonly maxQueued: number;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly timeoutMs: number;
  readonly probeIntervalMs: number;
  readonly prefix: string;
  readonly random: () => number;
}

/** @throws {InvalidOptionError} naming the first option that is wrong. */
export function resolveRedisOptions(options: RedisBulkheadOptions): ResolvedRedisOptions {
  object('options', options);
  const name = text('name', options.name);
  const limit = wholeNumber('limit', options.limit, 1);
  const queue = resolveOptions({ ...options, limit });
  return {
    // Whoever comes is in the queue until Redis has answered.
    queue: { ...queue, limit: 0, maxQueued: queue.maxQueued + limit },
    name,
    limit,
    localLimit: shareOf(limit, ratio('localShareRatio', options.localShareRatio ?? 1, 'over')),
    maxQueued: queue.maxQueued,
    leaseMs: duration('leaseMs', options.leaseMs ?? 10_000, 100),
    pollMs: duration('pollMs', options.pollMs ?? 50, 1),
    timeoutMs: duration('timeoutMs', options.timeoutMs ?? 100, 1),
    probeIntervalMs: duration('probeIntervalMs', options.probeIntervalMs ?? 1_000, 1),
    prefix: text('prefix', options.prefix ?? 'holdfast:bulkhead'),
    random: callable('random', options.random ?? Math.random),
  };
}

/** Rounded up, but not for what a product of fractions has too much: 525 × 1/75 is 7, and not 8. */
function shareOf(limit: number, shareRatio: number): number {
  return Math.ceil(limit * shareRatio * (1 - 2 * Number.EPSILON));
}
