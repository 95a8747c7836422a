import { statSync } from 'node:fs';
import type * as NodeSqlite from 'node:sqlite';
import type { OwnedDatabase } from './database.ts';
import { isBusy } from './engine-errors.ts';

/** How long opening may block for a process that is making the same file just now, and between two tries, in milliseconds. */
const openingMs = 500;
const openingPauseMs = 5;

/** The engine inside Node.js; `undefined` where it was built without. */
export function nodeSqlite(): typeof NodeSqlite | undefined {
  // Asked for by name at run time, so that neither a bundler nor a Node.js without it stumbles over the import.
  return process.getBuiltinModule('node:sqlite');
}

/**
 * A file of ours, to be shared with other processes: in WAL mode, and with `synchronous = NORMAL`, which may lose the last
 * charges to a power failure, but neither the file nor anything to the end of a process.
 */
export class LimitsFile {
  readonly database: OwnedDatabase;
  readonly #path: string;
  /** Which file it is, whatever it is called by now; `undefined` in memory. */
  readonly #identity: string | undefined;

  /** @throws What the engine throws. */
  constructor(path: string, engine: typeof NodeSqlite, timeoutMs: number) {
    this.#path = path;
    this.database = new engine.DatabaseSync(path);
    try {
      configure(this.database, timeoutMs);
    } catch (error) {
      this.close();
      throw error;
    }
    this.#identity = identityOf(path);
  }

  /** Whether there is another file in its place by now, or none: what is written here no other process would see. */
  get replaced(): boolean {
    return this.#identity !== undefined && identityOf(this.#path) !== this.#identity;
  }

  close(): void {
    try {
      this.database.close();
    } catch {
      // What cannot be closed in good order is not needed either.
    }
  }
}

function identityOf(path: string): string | undefined {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  return status && `${status.dev}:${status.ino}`;
}

function configure(database: OwnedDatabase, timeoutMs: number): void {
  database.exec(`
    PRAGMA busy_timeout = ${Math.ceil(timeoutMs)};
    PRAGMA synchronous = NORMAL;
    PRAGMA trusted_schema = OFF;
    PRAGMA journal_size_limit = ${4 * 1024 * 1024};`);
  // The switch of a new file to WAL fails at once, whatever the busy timeout, while another process makes the same switch.
  for (let leftMs = openingMs; ; leftMs -= openingPauseMs) {
    try {
      return void database.exec('PRAGMA journal_mode = WAL');
    } catch (error) {
      if (!isBusy(error) || leftMs <= 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, openingPauseMs);
    }
  }
}
