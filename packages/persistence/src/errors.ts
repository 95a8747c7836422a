import { HoldfastError } from '@holdfast/core';

/** The database could not be opened; `cause` is the engine's own error. */
export class DatabaseOpenError extends HoldfastError {
  override readonly name = 'DatabaseOpenError';
  readonly code = 'ERR_DATABASE_OPEN';
  readonly file: string;

  constructor(file: string, reason: string, cause?: unknown) {
    super(`${file} could not be opened: ${reason}`, { cause });
    this.file = file;
  }
}

/** No SQLite engine is at hand. */
export class DriverMissingError extends HoldfastError {
  override readonly name = 'DriverMissingError';
  readonly code = 'ERR_DRIVER_MISSING';

  constructor(reason: string) {
    super(`no SQLite engine: ${reason}; install better-sqlite3 and hand it in as driver`);
  }
}

/** The engine's SQLite is one that can corrupt a WAL database with two or more connections. */
export class SqliteVersionError extends HoldfastError {
  override readonly name = 'SqliteVersionError';
  readonly code = 'ERR_SQLITE_VERSION';
  readonly version: string;
  readonly minimum: string;

  constructor(driver: string, version: string, minimum: string) {
    super(
      `${driver} brings SQLite ${version}, which can corrupt a database in WAL mode; ${minimum} or later is needed ` +
        '(a newer Node.js, better-sqlite3 13 as driver, or allowVulnerableSqlite if only one connection ever opens the file)',
    );
    this.version = version;
    this.minimum = minimum;
  }
}

/** Another connection held the lock for longer than the caller was ready to wait. Nothing was changed. */
export class DatabaseBusyError extends HoldfastError {
  override readonly name = 'DatabaseBusyError';
  readonly code = 'ERR_DATABASE_BUSY';
  readonly file: string;

  constructor(file: string, waitedMs: number, cause?: unknown) {
    super(`${file} was locked by another connection for ${Math.round(waitedMs)} ms`, { cause });
    this.file = file;
  }
}

/** A transaction was misused; it was rolled back. */
export class TransactionError extends HoldfastError {
  override readonly name = 'TransactionError';
  readonly code = 'ERR_TRANSACTION';
}

/** What is applied to the database is not what the list of migrations says. */
export class MigrationDriftError extends HoldfastError {
  override readonly name = 'MigrationDriftError';
  readonly code = 'ERR_MIGRATION_DRIFT';
  readonly migration: string;
  /** `'changed'`: its SQL or revision is another one now. `'order'`: the list has another migration in its place. */
  readonly reason: 'changed' | 'order';

  constructor(migration: string, reason: MigrationDriftError['reason']) {
    super(
      reason === 'changed'
        ? `migration ${migration} was changed after it had been applied`
        : `migration ${migration} was applied where the list has another one`,
    );
    this.migration = migration;
    this.reason = reason;
  }
}

/** The database has migrations that the list does not: a newer version of the program made them. */
export class DatabaseNewerError extends HoldfastError {
  override readonly name = 'DatabaseNewerError';
  readonly code = 'ERR_DATABASE_NEWER';
  /** The unknown migrations, oldest first. */
  readonly migrations: readonly string[];

  constructor(migrations: readonly string[]) {
    super(`the database is newer than this program: it has ${migrations.join(', ')}`);
    this.migrations = migrations;
  }
}

/** A migration failed and was rolled back as a whole; those before it stay applied. */
export class MigrationFailedError extends HoldfastError {
  override readonly name = 'MigrationFailedError';
  readonly code = 'ERR_MIGRATION_FAILED';
  readonly migration: string;
  readonly direction: 'up' | 'down';

  constructor(migration: string, direction: MigrationFailedError['direction'], cause: unknown) {
    super(`migration ${migration} failed on its way ${direction}: ${(cause as Error).message}`, { cause });
    this.migration = migration;
    this.direction = direction;
  }
}

/** A rollback would need a `down` that is missing; nothing was rolled back. */
export class MigrationIrreversibleError extends HoldfastError {
  override readonly name = 'MigrationIrreversibleError';
  readonly code = 'ERR_MIGRATION_IRREVERSIBLE';
  readonly migrations: readonly string[];

  constructor(migrations: readonly string[]) {
    super(`no way down from ${migrations.join(', ')}`);
    this.migrations = migrations;
  }
}

/** A backup with that id is there already; it was left alone. */
export class BackupExistsError extends HoldfastError {
  override readonly name = 'BackupExistsError';
  readonly code = 'ERR_BACKUP_EXISTS';
  readonly id: string;

  constructor(id: string) {
    super(`backup ${id} exists already`);
    this.id = id;
  }
}

/** The backup, or the copy that was to become one, is damaged or missing. */
export class BackupInvalidError extends HoldfastError {
  override readonly name = 'BackupInvalidError';
  readonly code = 'ERR_BACKUP_INVALID';
  readonly id: string;
  /** What is wrong, one sentence each. */
  readonly problems: readonly string[];

  constructor(id: string, problems: readonly string[]) {
    super(`backup ${id} is invalid: ${problems.join('; ')}`);
    this.id = id;
    this.problems = problems;
  }
}

/** The restore was refused before anything was touched. */
export class RestoreRefusedError extends HoldfastError {
  override readonly name = 'RestoreRefusedError';
  readonly code = 'ERR_RESTORE_REFUSED';
  readonly id: string;

  constructor(id: string, reason: string, cause?: unknown) {
    super(`backup ${id} was not restored: ${reason}`, { cause });
    this.id = id;
  }
}
