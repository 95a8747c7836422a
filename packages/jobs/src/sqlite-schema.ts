import { QueueSchemaError } from './errors.ts';
import type { SqlDatabase } from './sql-database.ts';

const version = 1;

/**
 * The tables of the queues. `seq` is the order of enqueueing. Each index holds only the rows that its question is about,
 * so that a claim costs the same whatever the backlog and however many finished jobs are kept.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS holdfast_jobs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    stalls INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0,
    lease_until REAL,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    backoff TEXT NOT NULL,
    idempotency_key TEXT,
    payload TEXT,
    progress TEXT,
    result TEXT,
    failure TEXT
  );
  CREATE INDEX IF NOT EXISTS holdfast_jobs_waiting ON holdfast_jobs (queue, priority, run_at) WHERE state = 'waiting';
  CREATE INDEX IF NOT EXISTS holdfast_jobs_active ON holdfast_jobs (queue, lease_until) WHERE state = 'active';
  CREATE INDEX IF NOT EXISTS holdfast_jobs_ended ON holdfast_jobs (queue, state, finished_at) WHERE finished_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS holdfast_job_keys (
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    id TEXT NOT NULL,
    expires_at REAL NOT NULL,
    PRIMARY KEY (queue, key)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS holdfast_job_keys_expiry ON holdfast_job_keys (expires_at);
  CREATE TABLE IF NOT EXISTS holdfast_job_schema (version INTEGER NOT NULL);
  INSERT INTO holdfast_job_schema SELECT ${version} WHERE NOT EXISTS (SELECT 1 FROM holdfast_job_schema);
`;

/**
 * Creates the tables where they are missing. Takes the write lock only then.
 *
 * @throws {QueueSchemaError} when another version of this package made them otherwise.
 */
export function ensureSchema(database: SqlDatabase): void {
  const known = database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'holdfast_job_schema'`).get();
  if (known === undefined) create(database);
  const found = database.prepare('SELECT version FROM holdfast_job_schema').get() as
    | { version: number }
    | undefined;
  if (found?.version !== version) throw new QueueSchemaError(found?.version ?? 0, version);
}

function create(database: SqlDatabase): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(schema);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
