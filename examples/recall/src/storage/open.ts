import { migrate, openDatabase } from '@holdfast/persistence';
import pg from 'pg';

import { PostgresDatabase } from './postgres.ts';
import { SqlStorage } from './sql-storage.ts';
import type { SqlDatabase } from './sql-work.ts';
import { sqliteMigrations } from './sqlite-migrations.ts';
import { SqliteDatabase } from './sqlite.ts';

export interface StorageOptions {
  /** Path of the SQLite database, or `':memory:'`. Used if there is no `databaseUrl`. */
  readonly file: string;
  /** Address of a Postgres database, as in `DATABASE_URL`. */
  readonly databaseUrl?: string | undefined;
  /** Most connections to Postgres at once. Defaults to 10. */
  readonly maxConnections?: number | undefined;
}

/** Opens the database that the options name and brings its schema up to date. */
export async function openSqlDatabase(options: StorageOptions): Promise<SqlDatabase> {
  const { file, databaseUrl, maxConnections = 10 } = options;
  return databaseUrl === undefined ? openSqlite(file) : openPostgres(databaseUrl, maxConnections);
}

/** The storage on {@link openSqlDatabase}. */
export const openStorage = async (options: StorageOptions): Promise<SqlStorage> =>
  new SqlStorage(await openSqlDatabase(options));

async function openSqlite(file: string): Promise<SqlDatabase> {
  // A loss of power may take the last moments: items are taken from elsewhere, and statistics outlive a lost access.
  const database = openDatabase({ file, name: 'recall', durability: 'normal' });
  try {
    await migrate(database, sqliteMigrations);
    return new SqliteDatabase(database);
  } catch (error) {
    database[Symbol.dispose]();
    throw error;
  }
}

async function openPostgres(connectionString: string, max: number): Promise<SqlDatabase> {
  const pool = new pg.Pool({
    connectionString,
    max,
    application_name: 'recall',
    // Bounds the wait for a connection, be it a new one or one that somebody has.
    connectionTimeoutMillis: 1_500,
    // A server that fell silent keeps no connection for longer, so that others can be made once it is back.
    query_timeout: 10_000,
    keepAlive: true,
  });
  const database = new PostgresDatabase(pool);
  try {
    await database.migrate();
    return database;
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}
