import { type EventSource, methods } from '@holdfast/core';

import { LeaseLostError, QueueBusyError, ResultTooLargeError } from './errors.ts';
import type { JobEvent } from './events.ts';
import { type AfterCommit, GroupCommit } from './group-commit.ts';
import type { Enqueued, IJob, NewJob } from './job.ts';
import type { ClaimedJob, ClaimOptions, IJobQueue, JobCounts, JobStatistics, Lease } from './job-queue.ts';
import { claimedJobOf, jobOf, type JobRecord, type NewRecord, newRecord } from './job-record.ts';
import { Journal } from './journal.ts';
import { encode } from './json.ts';
import * as lifecycle from './lifecycle.ts';
import {
  checkClaim,
  type JobQueueOptions,
  noAging,
  type ResolvedJobQueueOptions,
  resolveOptions,
} from './options.ts';
import type { SqlDatabase } from './sql-database.ts';
import { insertParameters, type JobRow, recordOf, updateParameters } from './sqlite-row.ts';
import { SqliteRetention } from './sqlite-retention.ts';
import { ensureSchema } from './sqlite-schema.ts';
import { prepareStatements, type Statements } from './sqlite-statements.ts';

/** How long a change waits for other processes' locks, in milliseconds. */
const maxBusyMs = 5_000;

/**
 * Jobs in a SQLite database, which any number of processes on one machine may share. The table is the queue: there is
 * no second truth in memory. Changes asked for in one turn of the event loop share a transaction and one wait for the
 * disk. How much a commit survives is the database's `synchronous` setting.
 *
 * The queue does not close the database. Invariants: see {@link IJobQueue}.
 */
export class SqliteJobQueue implements IJobQueue {
  readonly name: string;
  readonly leaseMs: number;
  readonly #options: ResolvedJobQueueOptions;
  readonly #journal: Journal;
  readonly #statements: Statements;
  readonly #group: GroupCommit;
  readonly #retention: SqliteRetention;

  /** @param database - In WAL mode, with a busy timeout; nobody else may leave a transaction open on this connection. */
  constructor(database: SqlDatabase, options: JobQueueOptions = {}) {
    this.#options = resolveOptions(options);
    this.name = this.#options.name;
    this.leaseMs = this.#options.leaseMs;
    this.#journal = new Journal(this.name);
    ensureSchema(methods('database', database, 'exec', 'prepare'));
    this.#statements = prepareStatements(database);
    this.#retention = new SqliteRetention(this.#statements, this.#options);
    this.#group = new GroupCommit(database, {
      clock: this.#options.clock,
      random: this.#options.random,
      maxBusyMs,
      busyError: (waitedMs, cause) => new QueueBusyError(this.name, waitedMs, cause),
    });
  }

  get events(): EventSource<JobEvent> {
    return this.#journal.hub;
  }

  enqueue<Payload>(job: NewJob<Payload>): Promise<Enqueued>;
  enqueue<Payload>(jobs: readonly NewJob<Payload>[]): Promise<Enqueued[]>;
  async enqueue(jobs: NewJob | readonly NewJob[]): Promise<Enqueued | Enqueued[]> {
    const now = this.#now;
    if (!Array.isArray(jobs)) {
      const record = newRecord(jobs as NewJob, this.#options, now);
      return this.#group.run((after) => this.#add(record, now, after));
    }
    const records = (jobs as readonly NewJob[]).map((job) => newRecord(job, this.#options, now));
    return this.#group.run((after) => records.map((record) => this.#add(record, now, after)));
  }

  async claim(options: ClaimOptions = {}): Promise<ClaimedJob[]> {
    const { max, types } = checkClaim(options);
    return this.#group.run((after) => {
      const now = this.#now;
      this.#reap(now, after);
      const records = this.#claim(max, types, now);
      after(() => {
        for (const record of records) this.#journal.note('claimed', record);
      });
      return records.map(claimedJobOf);
    });
  }

  async heartbeat(lease: Lease, progress?: unknown): Promise<{ readonly cancelRequested: boolean }> {
    const encoded = this.#encoded('progress', progress) ?? null;
    const row = await this.#group.run(() => {
      const leaseUntil = this.#now + this.leaseMs;
      return this.#statements.heartbeat.get({ ...this.#key(lease), leaseUntil, progress: encoded });
    });
    return { cancelRequested: (this.#held(row, lease) as JobRow).cancel_requested === 1 };
  }

  async complete(lease: Lease, result?: unknown): Promise<'completed' | 'cancelled'> {
    const encoded = this.#encoded('result', result) ?? null;
    const state = await this.#group.run((after) => {
      const now = this.#now;
      const row = this.#statements.complete.get({ ...this.#key(lease), now, result: encoded });
      if (row === undefined) return undefined;
      const record = recordOf(row as JobRow);
      const ended = record.state === 'cancelled' ? 'cancelled' : 'completed';
      after(() => this.#journal.note(ended, record));
      this.#retention.noteEnded(now);
      return ended;
    });
    return this.#held(state, lease);
  }

  async fail(lease: Lease, error: unknown): Promise<'waiting' | 'dead' | 'cancelled'> {
    return this.#settle(lease, (record) => {
      const state = lifecycle.fail(record, error, this.#now, this.#options);
      return { state, note: () => this.#journal.noteEnd(state, record) };
    });
  }

  async release(lease: Lease): Promise<'waiting' | 'cancelled'> {
    return this.#settle(lease, (record) => {
      const state = lifecycle.release(record, this.#now);
      return {
        state,
        note: () => this.#journal.note(state === 'waiting' ? 'released' : 'cancelled', record),
      };
    });
  }

  async cancel(id: string): Promise<'cancelled' | 'requested' | 'finished' | 'unknown'> {
    return this.#group.run((after) => {
      const record = this.#find(id);
      if (record === undefined) return 'unknown';
      if (record.finishedAt !== undefined) return 'finished';
      if (record.state === 'active') {
        record.cancelRequested = true;
        this.#store(record);
        after(() => this.#journal.note('cancel-requested', record));
        return 'requested';
      }
      lifecycle.finish(record, 'cancelled', this.#now);
      this.#store(record);
      after(() => this.#journal.note('cancelled', record));
      return 'cancelled';
    });
  }

  async redrive(id: string): Promise<boolean> {
    return this.#group.run((after) => {
      const record = this.#find(id);
      if (record?.state !== 'dead') return false;
      lifecycle.redrive(record, this.#now);
      this.#store(record);
      after(() => this.#journal.note('redriven', record));
      return true;
    });
  }

  async get(id: string): Promise<IJob | undefined> {
    const record = this.#find(id);
    return record === undefined ? undefined : jobOf(record);
  }

  async counts(): Promise<JobCounts> {
    const [completed, dead, cancelled] = [
      this.#ended('completed'),
      this.#ended('dead'),
      this.#ended('cancelled'),
    ];
    return { ...this.#open(), completed, dead, cancelled };
  }

  statistics(): JobStatistics {
    const { run_at } = this.#statements.oldest.get({ queue: this.name }) as { run_at: number | null };
    const gauges = { ...this.#open(), dead: this.#ended('dead') };
    return this.#journal.statistics(gauges, Math.max(0, this.#now - (run_at ?? Infinity)));
  }

  get #now(): number {
    return this.#options.clock.epoch();
  }

  #key({ id, token }: Lease): { queue: string; id: string; token: number } {
    return { queue: this.name, id, token };
  }

  #add(record: NewRecord, now: number, after: AfterCommit): Enqueued {
    const { id, idempotencyKey: key, keyExpiresAt } = record;
    if (key !== undefined) {
      const taken = this.#statements.key.get({ queue: this.name, key, now }) as { id: string } | undefined;
      if (taken !== undefined) {
        after(() => void (this.#journal.deduplicated += 1));
        return { id: taken.id, duplicate: true };
      }
      this.#statements.setKey.run({ queue: this.name, key, id, expiresAt: keyExpiresAt });
    }
    this.#statements.insert.run(insertParameters(this.name, record));
    after(() => this.#journal.note('enqueued', record));
    return { id, duplicate: false };
  }

  #claim(max: number, types: readonly string[] | undefined, now: number): JobRecord[] {
    const { agingMs } = this.#options;
    const parameters = {
      queue: this.name,
      now,
      max,
      types: types === undefined ? null : JSON.stringify(types),
      leaseUntil: now + this.leaseMs,
    };
    const rows = (
      agingMs === noAging
        ? this.#statements.claimByPriority.all(parameters)
        : this.#statements.claimByAge.all({ ...parameters, agingMs })
    ) as JobRow[];
    // The engine returns rows in any order.
    const turn = ({ run_at, priority }: JobRow): number => run_at + priority * agingMs;
    return rows.toSorted((left, right) => turn(left) - turn(right) || left.seq - right.seq).map(recordOf);
  }

  /** Takes back the jobs whose lease ran out. */
  #reap(now: number, after: AfterCommit): void {
    for (const row of this.#statements.expired.all({ queue: this.name, now }) as JobRow[]) {
      const record = recordOf(row);
      const outcome = lifecycle.stall(record, now, this.#options);
      this.#store(record);
      after(() => this.#journal.noteStall(outcome, record));
    }
  }

  async #settle<State extends string>(
    lease: Lease,
    change: (record: JobRecord) => { readonly state: State; readonly note: () => void },
  ): Promise<State> {
    const settled = await this.#group.run((after) => {
      const row = this.#statements.held.get(this.#key(lease));
      if (row === undefined) return undefined;
      const record = recordOf(row as JobRow);
      const { state, note } = change(record);
      this.#store(record);
      after(note);
      return state;
    });
    return this.#held(settled, lease);
  }

  /** What a statement under a lease gave, which is nothing if the lease is lost. */
  #held<T>(found: T | undefined, lease: Lease): T {
    if (found !== undefined) return found;
    this.#journal.leasesLost += 1;
    throw new LeaseLostError(this.name, lease);
  }

  #find(id: string): JobRecord | undefined {
    const row = this.#statements.byId.get({ id, queue: this.name });
    return row === undefined ? undefined : recordOf(row as JobRow);
  }

  #store(record: JobRecord): void {
    this.#statements.update.run(updateParameters(record));
    if (record.finishedAt !== undefined) this.#retention.noteEnded(record.finishedAt);
  }

  #encoded(option: string, value: unknown): string | undefined {
    return encode(
      option,
      value,
      this.#options.maxResultBytes,
      (bytes, max) => new ResultTooLargeError(bytes, max),
    );
  }

  #open(): Pick<JobCounts, 'waiting' | 'delayed' | 'active'> {
    const counts = { waiting: 0, delayed: 0, active: 0 };
    const rows = this.#statements.open.all({ queue: this.name, now: this.#now });
    for (const { state, jobs } of rows as { state: keyof typeof counts; jobs: number }[])
      counts[state] = jobs;
    return counts;
  }

  #ended(state: 'completed' | 'dead' | 'cancelled'): number {
    return (this.#statements.ended.get({ queue: this.name, state }) as { jobs: number }).jobs;
  }
}
