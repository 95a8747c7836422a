import {
  atLeast,
  callable,
  type Clock,
  duration,
  hours,
  InvalidOptionError,
  methods,
  minutes,
  object,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';

import type { Backoff } from './job.ts';
import type { ClaimOptions } from './job-queue.ts';

/** How long finished jobs are kept. A job goes when either bound is passed. */
export interface Retention {
  /** In milliseconds since it finished. */
  readonly maxAgeMs: number;
  /** The newest so many are kept. */
  readonly maxCount: number;
}

export interface JobQueueOptions {
  /** Shown in errors, events and statistics; queues of different names in one store share nothing. Defaults to `'jobs'`. */
  readonly name?: string | undefined;

  /** How long a claim or a heartbeat holds, in milliseconds, from 1. Defaults to 30,000. */
  readonly leaseMs?: number | undefined;

  /** How many times a lease may run out before that counts as a failed attempt. Defaults to 3. */
  readonly maxStalls?: number | undefined;

  /**
   * What one step of priority is worth, in milliseconds of waiting: a job is overtaken only by more urgent ones that
   * became due within this time per step. Defaults to no bound: `low` waits as long as there is anything else.
   */
  readonly agingMs?: number | undefined;

  /** Largest payload as JSON, in bytes. Defaults to 65,536. */
  readonly maxPayloadBytes?: number | undefined;

  /** Largest result, and progress, as JSON, in bytes. Defaults to 65,536. */
  readonly maxResultBytes?: number | undefined;

  readonly retention?:
    | {
        /** Of completed and of cancelled jobs, each. Defaults to 24 hours and 10,000. */
        readonly finished?: Partial<Retention> | undefined;
        /** Of dead jobs. Defaults to 30 days and 10,000. */
        readonly dead?: Partial<Retention> | undefined;
      }
    | undefined;

  /** Defaults to the system clock. Its `epoch()` is compared with that of other processes on the same store. */
  readonly clock?: Clock | undefined;

  /** From 0 up to but not 1, for the jitter. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;
}

export interface ResolvedJobQueueOptions {
  readonly name: string;
  readonly leaseMs: number;
  readonly maxStalls: number;
  /** Milliseconds per step of priority, so large without aging that no waiting makes up for it. */
  readonly agingMs: number;
  readonly maxPayloadBytes: number;
  readonly maxResultBytes: number;
  readonly retention: { readonly finished: Retention; readonly dead: Retention };
  readonly clock: Clock;
  readonly random: () => number;
}

/** In milliseconds: 3,000 years, and three of it still are an exact number when an instant is added. */
export const noAging: number = 1e14;

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: JobQueueOptions): ResolvedJobQueueOptions {
  object('options', options);
  return {
    name: text('name', options.name ?? 'jobs'),
    leaseMs: duration('leaseMs', options.leaseMs ?? 30_000, 1),
    maxStalls: wholeNumber('maxStalls', options.maxStalls ?? 3, 0),
    agingMs: Math.min(duration('agingMs', options.agingMs ?? noAging), noAging),
    maxPayloadBytes: wholeNumber('maxPayloadBytes', options.maxPayloadBytes ?? 65_536, 0),
    maxResultBytes: wholeNumber('maxResultBytes', options.maxResultBytes ?? 65_536, 0),
    retention: {
      finished: retention('finished', options.retention?.finished, hours(24)),
      dead: retention('dead', options.retention?.dead, hours(24 * 30)),
    },
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
    random: callable('random', options.random ?? Math.random),
  };
}

export interface WorkerOptions {
  /** Shown in errors, events and statistics. Defaults to `'worker'`. */
  readonly name?: string | undefined;

  /** Most jobs running at once, from 1. Defaults to 1. */
  readonly concurrency?: number | undefined;

  /**
   * How often an idle worker looks for what other processes enqueued and for what became due, in milliseconds, from 1.
   * Defaults to 250. What is enqueued through the same queue object is taken at once.
   */
  readonly pollMs?: number | undefined;

  /** How long running jobs may go on after the worker is disposed, in milliseconds. Defaults to 30,000. */
  readonly graceMs?: number | undefined;

  /** How long they have after their signals aborted, in milliseconds; then they are given back. Defaults to 5,000. */
  readonly killAfterMs?: number | undefined;

  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export type ResolvedWorkerOptions = {
  readonly [Key in keyof WorkerOptions]-?: NonNullable<WorkerOptions[Key]>;
};

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveWorkerOptions(options: WorkerOptions): ResolvedWorkerOptions {
  object('options', options);
  return {
    name: text('name', options.name ?? 'worker'),
    concurrency: wholeNumber('concurrency', options.concurrency ?? 1, 1),
    pollMs: duration('pollMs', options.pollMs ?? 250, 1),
    graceMs: duration('graceMs', options.graceMs ?? 30_000),
    killAfterMs: duration('killAfterMs', options.killAfterMs ?? 5_000),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

export function checkClaim({ max, types }: ClaimOptions): {
  max: number;
  types: readonly string[] | undefined;
} {
  if (types !== undefined && !Array.isArray(types))
    throw new InvalidOptionError('types', 'an array of the types to claim', types);
  return { max: wholeNumber('max', max ?? 1, 1), types };
}

/** @throws {InvalidOptionError} naming the part that is out of range. */
export function resolveBackoff(backoff: Partial<Backoff> | undefined): Backoff {
  return {
    baseMs: duration('backoff.baseMs', backoff?.baseMs ?? 1_000),
    factor: atLeast('backoff.factor', backoff?.factor ?? 2, 1),
    maxMs: duration('backoff.maxMs', backoff?.maxMs ?? minutes(30)),
  };
}

function retention(kind: string, given: Partial<Retention> | undefined, maxAgeMs: number): Retention {
  return {
    maxAgeMs: duration(`retention.${kind}.maxAgeMs`, given?.maxAgeMs ?? maxAgeMs),
    maxCount: wholeNumber(`retention.${kind}.maxCount`, given?.maxCount ?? 10_000, 0),
  };
}
