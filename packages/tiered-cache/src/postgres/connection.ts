import { CacheDisposedError } from '../errors.ts';
import { bareError } from './errors.ts';
import {
  hushErrors,
  type OwnedPool,
  type PostgresPool,
  type PostgresResult,
  type PreparingPool,
  type Statement,
} from './pool.ts';
import { createTables, type TableNames } from './schema.ts';

/** How long a connection of ours may take to be made or to become free, and a query to be answered, in milliseconds. */
const connectMs = 2_000;
const queryMs = 2_000;

export interface ConnectionOptions {
  readonly name: string;
  readonly names: TableNames;
  readonly logged: boolean;
  readonly preparedStatements: boolean;
}

/**
 * The way to the database: a pool handed in, or one opened at a URL when first needed. Every query stands alone and needs
 * no session, so that any of them may run on any connection, also behind a pooler that lends them out by transaction.
 */
export class PostgresConnection {
  readonly #options: ConnectionOptions;
  readonly #url: string | undefined;
  #pool: PostgresPool | Promise<PostgresPool> | undefined;
  #release: () => void | Promise<void>;
  #creating: Promise<void> | undefined;
  #disposed = false;

  constructor(poolOrUrl: PostgresPool | string, options: ConnectionOptions) {
    this.#options = options;
    this.#url = typeof poolOrUrl === 'string' ? poolOrUrl : undefined;
    this.#pool = typeof poolOrUrl === 'string' ? undefined : poolOrUrl;
    this.#release = typeof poolOrUrl === 'string' ? nothing : hushErrors(poolOrUrl);
  }

  /** Runs one statement. Where its table is missing, that is made first. Errors are bare. */
  async query(statement: Statement | string, values: unknown[]): Promise<PostgresResult> {
    if (this.#disposed) throw new CacheDisposedError(this.#options.name);
    try {
      return await this.#ask(await (this.#pool ??= this.#open()), statement, values);
    } catch (error) {
      throw bareError(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await Promise.resolve(this.#pool).catch(nothing);
    await this.#release();
  }

  /** The timeouts are the client's: a server that hangs keeps none of its own, and a pooler refuses to set them. */
  async #open(): Promise<PostgresPool> {
    try {
      // Its older releases have no other export that an ES module can see.
      const { default: pg } = await import('pg');
      const pool: OwnedPool = new pg.Pool({
        connectionString: this.#url,
        connectionTimeoutMillis: connectMs,
        query_timeout: queryMs,
        keepAlive: true,
        allowExitOnIdle: true,
      });
      hushErrors(pool);
      this.#release = () => pool.end();
      return pool;
    } catch (error) {
      // The next operation tries again.
      this.#pool = undefined;
      throw error;
    }
  }

  async #ask(pool: PostgresPool, statement: Statement | string, values: unknown[]): Promise<PostgresResult> {
    try {
      return await this.#send(pool, statement, values);
    } catch (error) {
      if (!isMissingTable(error)) throw error;
    }
    await this.#create(pool);
    return this.#send(pool, statement, values);
  }

  #send(pool: PostgresPool, statement: Statement | string, values: unknown[]): Promise<PostgresResult> {
    if (typeof statement === 'string') return pool.query(statement, values);
    if (!this.#options.preparedStatements) return pool.query(statement.text, values);
    return (pool as unknown as PreparingPool).query({ ...statement, values });
  }

  #create(pool: PostgresPool): Promise<void> {
    const { names, logged } = this.#options;
    return (this.#creating ??= createTables(pool, names, logged).finally(() => (this.#creating = undefined)));
  }
}

function isMissingTable(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === '42P01';
}

function nothing(): void {
  // Nothing to give back, or nobody to tell.
}
