import type { EventSource } from '@holdfast/core';

import { LeaseLostError, ResultTooLargeError } from './errors.ts';
import type { JobEvent } from './events.ts';
import { IdempotencyKeys } from './idempotency-keys.ts';
import type { Enqueued, IJob, NewJob } from './job.ts';
import type { ClaimedJob, ClaimOptions, IJobQueue, JobCounts, JobStatistics, Lease } from './job-queue.ts';
import { claimedJobOf, jobOf, type JobRecord, type NewRecord, newRecord } from './job-record.ts';
import { Journal } from './journal.ts';
import { encode } from './json.ts';
import * as lifecycle from './lifecycle.ts';
import { checkClaim, type JobQueueOptions, type ResolvedJobQueueOptions, resolveOptions } from './options.ts';
import { type Ready, ReadyQueue } from './ready-queue.ts';

type Held = JobRecord & Ready;

/**
 * Jobs in the memory of this process, for tests and for work that may be lost with the process.
 * Everything else is as {@link IJobQueue} promises; payloads and results pass through JSON here too.
 *
 * Invariant: a job is in exactly one of the ready queue (`waiting`), the set of active ones, or a list of ended ones.
 */
export class MemoryJobQueue implements IJobQueue {
  readonly name: string;
  readonly leaseMs: number;
  readonly #options: ResolvedJobQueueOptions;
  readonly #journal: Journal;
  readonly #jobs = new Map<string, Held>();
  readonly #ready = new ReadyQueue<Held>();
  readonly #active = new Set<Held>();
  /** Ended jobs, the one that ended first in front. */
  readonly #ended = { completed: new Set<Held>(), cancelled: new Set<Held>(), dead: new Set<Held>() };
  readonly #keys = new IdempotencyKeys();
  #sequence = 0;

  constructor(options: JobQueueOptions = {}) {
    this.#options = resolveOptions(options);
    this.name = this.#options.name;
    this.leaseMs = this.#options.leaseMs;
    this.#journal = new Journal(this.name);
  }

  get events(): EventSource<JobEvent> {
    return this.#journal.hub;
  }

  enqueue<Payload>(job: NewJob<Payload>): Promise<Enqueued>;
  enqueue<Payload>(jobs: readonly NewJob<Payload>[]): Promise<Enqueued[]>;
  async enqueue(jobs: NewJob | readonly NewJob[]): Promise<Enqueued | Enqueued[]> {
    const now = this.#now;
    const list = Array.isArray(jobs) ? (jobs as readonly NewJob[]) : [jobs as NewJob];
    // All are checked before the first is added.
    const records = list.map((job) => newRecord(job, this.#options, now));
    const results = records.map((record) => this.#add(record, now));
    return Array.isArray(jobs) ? results : (results[0] as Enqueued);
  }

  async claim(options: ClaimOptions = {}): Promise<ClaimedJob[]> {
    const { max, types } = checkClaim(options);
    const now = this.#now;
    this.#reap(now);
    const claimed: ClaimedJob[] = [];
    while (claimed.length < max) {
      const job = this.#ready.take(now, types, this.#options.agingMs);
      if (job === undefined) break;
      lifecycle.claim(job, now + this.leaseMs);
      this.#active.add(job);
      this.#journal.note('claimed', job);
      claimed.push(claimedJobOf(job));
    }
    return claimed;
  }

  async heartbeat(lease: Lease, progress?: unknown): Promise<{ readonly cancelRequested: boolean }> {
    const job = this.#held(lease);
    job.progress = this.#encoded('progress', progress) ?? job.progress;
    job.leaseUntilAt = this.#now + this.leaseMs;
    return { cancelRequested: job.cancelRequested };
  }

  async complete(lease: Lease, result?: unknown): Promise<'completed' | 'cancelled'> {
    const job = this.#held(lease);
    job.result = this.#encoded('result', result);
    const state = lifecycle.finish(job, job.cancelRequested ? 'cancelled' : 'completed', this.#now);
    this.#journal.note(state, job);
    this.#settle(job);
    return state;
  }

  async fail(lease: Lease, error: unknown): Promise<'waiting' | 'dead' | 'cancelled'> {
    const job = this.#held(lease);
    const state = lifecycle.fail(job, error, this.#now, this.#options);
    this.#journal.noteEnd(state, job);
    this.#settle(job);
    return state;
  }

  async release(lease: Lease): Promise<'waiting' | 'cancelled'> {
    const job = this.#held(lease);
    const state = lifecycle.release(job, this.#now);
    this.#journal.note(state === 'waiting' ? 'released' : 'cancelled', job);
    this.#settle(job);
    return state;
  }

  async cancel(id: string): Promise<'cancelled' | 'requested' | 'finished' | 'unknown'> {
    const job = this.#jobs.get(id);
    if (job === undefined) return 'unknown';
    if (job.finishedAt !== undefined) return 'finished';
    if (job.state === 'active') {
      job.cancelRequested = true;
      this.#journal.note('cancel-requested', job);
      return 'requested';
    }
    this.#ready.remove(job);
    lifecycle.finish(job, 'cancelled', this.#now);
    this.#journal.note('cancelled', job);
    this.#settle(job);
    return 'cancelled';
  }

  async redrive(id: string): Promise<boolean> {
    const job = this.#jobs.get(id);
    if (job?.state !== 'dead') return false;
    this.#ended.dead.delete(job);
    lifecycle.redrive(job, this.#now);
    this.#journal.note('redriven', job);
    this.#settle(job);
    return true;
  }

  async get(id: string): Promise<IJob | undefined> {
    const job = this.#jobs.get(id);
    return job === undefined ? undefined : jobOf(job);
  }

  async counts(): Promise<JobCounts> {
    return this.#counts();
  }

  statistics(): JobStatistics {
    const oldestAt = this.#ready.oldestAt ?? Infinity;
    return this.#journal.statistics(this.#counts(), Math.max(0, this.#now - oldestAt));
  }

  get #now(): number {
    return this.#options.clock.epoch();
  }

  #add(record: NewRecord, now: number): Enqueued {
    const key = record.idempotencyKey;
    const taken = key === undefined ? undefined : this.#keys.get(key, now);
    if (taken !== undefined) {
      this.#journal.deduplicated += 1;
      return { id: taken, duplicate: true };
    }
    if (key !== undefined) this.#keys.set(key, record.id, record.keyExpiresAt, now);
    this.#sequence += 1;
    const job: Held = { ...record, sequence: this.#sequence, place: -1 };
    this.#jobs.set(job.id, job);
    this.#ready.add(job);
    this.#journal.note('enqueued', job);
    return { id: job.id, duplicate: false };
  }

  #held(lease: Lease): Held {
    const job = this.#jobs.get(lease.id);
    if (job?.state === 'active' && job.token === lease.token) return job;
    this.#journal.leasesLost += 1;
    throw new LeaseLostError(this.name, lease);
  }

  /** Takes back the jobs whose lease ran out. */
  #reap(now: number): void {
    for (const job of this.#active) {
      if ((job.leaseUntilAt ?? 0) > now) continue;
      const outcome = lifecycle.stall(job, now, this.#options);
      this.#journal.noteStall(outcome, job);
      this.#settle(job);
    }
  }

  /** Puts a job where its state says. */
  #settle(job: Held): void {
    this.#active.delete(job);
    if (job.state === 'waiting') this.#ready.add(job);
    else if (job.state !== 'active') this.#retire(job, job.state);
  }

  #retire(job: Held, state: 'completed' | 'cancelled' | 'dead'): void {
    const ended = this.#ended[state];
    const { maxAgeMs, maxCount } = this.#options.retention[state === 'dead' ? 'dead' : 'finished'];
    ended.add(job);
    for (const oldest of ended) {
      if (ended.size <= maxCount && (oldest.finishedAt ?? 0) > this.#now - maxAgeMs) break;
      ended.delete(oldest);
      this.#jobs.delete(oldest.id);
    }
  }

  #encoded(option: string, value: unknown): string | undefined {
    return encode(
      option,
      value,
      this.#options.maxResultBytes,
      (bytes, max) => new ResultTooLargeError(bytes, max),
    );
  }

  #counts(): JobCounts {
    const now = this.#now;
    const { completed, cancelled, dead } = this.#ended;
    let delayed = 0;
    for (const job of this.#jobs.values()) if (job.state === 'waiting' && job.runAt > now) delayed += 1;
    const ended = completed.size + cancelled.size + dead.size;
    return {
      waiting: this.#jobs.size - ended - this.#active.size - delayed,
      delayed,
      active: this.#active.size,
      completed: completed.size,
      dead: dead.size,
      cancelled: cancelled.size,
    };
  }
}
