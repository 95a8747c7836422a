import type * as NodeSqliteModule from 'node:sqlite';

import {
  type Connection,
  type ConnectionOptions,
  type Driver,
  openingTimeoutMs,
  type Statement,
} from './driver.ts';
import { DatabaseBusyError, DriverMissingError } from './errors.ts';

type NodeSqlite = typeof NodeSqliteModule;

/**
 * The engine inside Node.js. Experimental before 24.15 and 25.7: it works there, with a warning on the console.
 *
 * @throws {DriverMissingError} when this Node.js was built without it.
 */
export function nodeSqlite(): Driver {
  // Asked for by name at run time, so that neither a bundler nor an older Node.js stumbles over the import.
  const sqlite = process.getBuiltinModule('node:sqlite') as NodeSqlite | undefined;
  if (sqlite === undefined) throw new DriverMissingError('this Node.js was built without node:sqlite');
  return {
    name: 'node:sqlite',
    open: (file, options) => new NodeConnection(sqlite, file, options),
  };
}

class NodeConnection implements Connection {
  readonly #sqlite: NodeSqlite;
  readonly #handle: InstanceType<NodeSqlite['DatabaseSync']>;

  constructor(sqlite: NodeSqlite, file: string, { readOnly }: ConnectionOptions) {
    this.#sqlite = sqlite;
    this.#handle = new sqlite.DatabaseSync(file, { readOnly, timeout: openingTimeoutMs });
  }

  get inTransaction(): boolean {
    return this.#handle.isTransaction;
  }

  exec(sql: string): void {
    this.#handle.exec(sql);
  }

  prepare<Row>(sql: string): Statement<Row> {
    return this.#handle.prepare(sql) as unknown as Statement<Row>;
  }

  async copyTo(file: string, pagesPerStep: number): Promise<void> {
    try {
      await this.#sqlite.backup(this.#handle, file, { rate: pagesPerStep });
    } catch (error) {
      // A locked target is reported as a failure with the code for success: 0, "not an error".
      if ((error as { errcode?: unknown }).errcode === 0) throw new DatabaseBusyError(file, 0, error);
      throw error;
    }
  }

  close(): void {
    this.#handle.close();
  }
}
