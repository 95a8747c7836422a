import { priorities } from './job.ts';
import type { SqlDatabase, SqlStatement } from './sql-database.ts';

/** Every statement of the queue, compiled once. */
export interface Statements {
  readonly insert: SqlStatement;
  readonly claimByPriority: SqlStatement;
  readonly claimByAge: SqlStatement;
  readonly expired: SqlStatement;
  readonly held: SqlStatement;
  readonly heartbeat: SqlStatement;
  readonly complete: SqlStatement;
  readonly update: SqlStatement;
  readonly byId: SqlStatement;
  readonly key: SqlStatement;
  readonly setKey: SqlStatement;
  /** Counts of the jobs that are not ended. */
  readonly open: SqlStatement;
  /** Count of the jobs that ended in one state. */
  readonly ended: SqlStatement;
  readonly oldest: SqlStatement;
  readonly pruneOld: SqlStatement;
  readonly pruneMany: SqlStatement;
  readonly pruneKeys: SqlStatement;
}

export function prepareStatements(database: SqlDatabase): Statements {
  const entries = Object.entries(sources).map(([name, sql]) => [name, database.prepare(sql)] as const);
  return Object.fromEntries(entries) as unknown as Statements;
}

const isDue = (priority: string): string => `
  queue = :queue AND state = 'waiting' AND priority ${priority} AND run_at <= :now
  AND (:types IS NULL OR type IN (SELECT value FROM json_each(:types)))`;

/** The first due jobs by strict priority. One range of the index per priority, which the engine walks in order. */
const dueByPriority = `
  SELECT seq FROM holdfast_jobs WHERE ${isDue('IN (0, 1, 2, 3)')} ORDER BY priority, run_at, seq LIMIT :max`;

/** The first due jobs where waiting makes up for priority: the first of each priority, merged. Twice the work. */
const dueByAge = `
  SELECT seq FROM (${priorities
    .map(
      (_, rank) => `SELECT * FROM (
        SELECT seq, run_at + ${rank} * :agingMs AS turn FROM holdfast_jobs
        WHERE ${isDue(`= ${rank}`)} ORDER BY run_at, seq LIMIT :max)`,
    )
    .join(' UNION ALL ')}) ORDER BY turn, seq LIMIT :max`;

const claim = (due: string): string => `
  UPDATE holdfast_jobs SET state = 'active', attempts = attempts + 1, token = token + 1, lease_until = :leaseUntil
  WHERE seq IN (${due}) RETURNING *`;

/** How many rows a prune removes at once, so that it never holds the others up for long. */
const pruneBatch = 1_000;

const sources: Readonly<Record<keyof Statements, string>> = {
  insert: `
    INSERT INTO holdfast_jobs (id, queue, type, state, priority, run_at, max_attempts, created_at, backoff, idempotency_key, payload)
    VALUES (:id, :queue, :type, 'waiting', :priority, :runAt, :maxAttempts, :createdAt, :backoff, :idempotencyKey, :payload)`,
  claimByPriority: claim(dueByPriority),
  claimByAge: claim(dueByAge),
  expired: `
    SELECT * FROM holdfast_jobs WHERE queue = :queue AND state = 'active' AND lease_until <= :now ORDER BY lease_until, seq`,
  held: `SELECT * FROM holdfast_jobs WHERE id = :id AND queue = :queue AND state = 'active' AND token = :token`,
  heartbeat: `
    UPDATE holdfast_jobs SET lease_until = :leaseUntil, progress = coalesce(:progress, progress)
    WHERE id = :id AND queue = :queue AND state = 'active' AND token = :token RETURNING cancel_requested`,
  complete: `
    UPDATE holdfast_jobs SET state = iif(cancel_requested, 'cancelled', 'completed'), lease_until = NULL,
      finished_at = :now, result = :result
    WHERE id = :id AND queue = :queue AND state = 'active' AND token = :token RETURNING *`,
  update: `
    UPDATE holdfast_jobs SET state = :state, run_at = :runAt, attempts = :attempts, stalls = :stalls,
      lease_until = :leaseUntil, cancel_requested = :cancelRequested, finished_at = :finishedAt, failure = :failure
    WHERE id = :id`,
  byId: 'SELECT * FROM holdfast_jobs WHERE id = :id AND queue = :queue',
  key: 'SELECT id FROM holdfast_job_keys WHERE queue = :queue AND key = :key AND expires_at > :now',
  setKey: 'INSERT OR REPLACE INTO holdfast_job_keys VALUES (:queue, :key, :id, :expiresAt)',
  open: `
    SELECT iif(run_at > :now, 'delayed', 'waiting') AS state, count(*) AS jobs FROM holdfast_jobs
      WHERE queue = :queue AND state = 'waiting' GROUP BY 1
    UNION ALL SELECT 'active', count(*) FROM holdfast_jobs WHERE queue = :queue AND state = 'active'`,
  ended: `
    SELECT count(*) AS jobs FROM holdfast_jobs WHERE queue = :queue AND state = :state AND finished_at IS NOT NULL`,
  oldest: `
    SELECT min(run_at) AS run_at FROM (${priorities
      .map(
        (_, rank) => `SELECT min(run_at) AS run_at FROM holdfast_jobs
          WHERE queue = :queue AND state = 'waiting' AND priority = ${rank}`,
      )
      .join(' UNION ALL ')})`,
  pruneOld: `
    DELETE FROM holdfast_jobs WHERE seq IN (SELECT seq FROM holdfast_jobs
      WHERE queue = :queue AND state = :state AND finished_at <= :before AND finished_at IS NOT NULL
      ORDER BY finished_at LIMIT ${pruneBatch})`,
  pruneMany: `
    DELETE FROM holdfast_jobs WHERE seq IN (SELECT seq FROM holdfast_jobs
      WHERE queue = :queue AND state = :state AND finished_at IS NOT NULL
      ORDER BY finished_at DESC, seq DESC LIMIT ${pruneBatch} OFFSET :keep)`,
  pruneKeys: `
    DELETE FROM holdfast_job_keys WHERE (queue, key) IN (
      SELECT queue, key FROM holdfast_job_keys WHERE expires_at <= :now LIMIT ${pruneBatch})`,
};
