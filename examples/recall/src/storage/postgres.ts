import type { Pool, PoolClient } from 'pg';

import { postgresDialect } from './postgres-dialect.ts';
import { postgresMigrations } from './postgres-migrations.ts';
import type { Row, SqlDatabase, Statement, Work } from './sql-work.ts';

/** Any number, as long as everything that shares the database takes the same. */
const migrationLock = 7_234_011;

/** What Postgres says when a transaction lost against another one and should simply start again. */
const startAgain = new Set(['40001', '40P01']);
const maxAttempts = 3;

/** Runs work on Postgres. The schema has to be there, see {@link PostgresDatabase.migrate}. It owns the pool and ends it. */
export class PostgresDatabase implements SqlDatabase {
  readonly name = 'postgres';
  readonly dialect = postgresDialect;
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
    // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
    pool.on('error', ignore);
  }

  async read<T>(work: () => Work<T>): Promise<T> {
    return run(work(), this.#pool);
  }

  async write<T>(work: () => Work<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await inTransaction(this.#pool, (client) => run(work(), client));
      } catch (error) {
        if (attempt === maxAttempts || !startAgain.has(String((error as { code?: unknown }).code)))
          throw error;
      }
    }
  }

  /** Brings the schema up to date. Processes that start together take turns. */
  async migrate(): Promise<void> {
    await inTransaction(this.#pool, async (client) => {
      await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
      await client.query('CREATE TABLE IF NOT EXISTS recall_migrations (id TEXT PRIMARY KEY)');
      const { rows } = await client.query<{ id: string }>('SELECT id FROM recall_migrations');
      const applied = new Set(rows.map(({ id }) => id));
      for (const { id, up } of postgresMigrations) {
        if (applied.has(id)) continue;
        await client.query(up);
        await client.query('INSERT INTO recall_migrations (id) VALUES ($1)', [id]);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }
}

/** Statements are unnamed, so that a pooler in transaction mode may stand between. */
async function run<T>(work: Work<T>, connection: Pick<Pool, 'query'>): Promise<T> {
  let step = work.next();
  while (step.done !== true) step = work.next(await rowsOf(connection, step.value));
  return step.value;
}

async function rowsOf(connection: Pick<Pool, 'query'>, { sql, parameters }: Statement): Promise<Row[]> {
  const { rows } = await connection.query<Row>(sql, [...parameters]);
  return rows;
}

async function inTransaction<T>(pool: Pool, body: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // As for an idle one. What is asked of a broken connection rejects by itself.
  client.on('error', ignore);
  try {
    await client.query('BEGIN');
    const result = await body(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    // A connection that cannot even roll back is not given to anybody else.
    const broken = await client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
    client.release(broken);
    throw error;
  } finally {
    client.off('error', ignore);
  }
}

function ignore(): void {}
