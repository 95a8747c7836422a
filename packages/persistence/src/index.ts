/**
 * SQLite done right: open, migrate, back up, verify, restore.
 *
 * @module
 */
export { backup } from './backup.ts';
export { type BetterSqlite3, betterSqlite3, type BetterSqlite3Database } from './better-sqlite3.ts';
export type { Database, DatabaseStatistics } from './database.ts';
export type {
  Connection,
  ConnectionOptions,
  Driver,
  RunResult,
  SqlParameter,
  SqlValue,
  Statement,
} from './driver.ts';
export {
  BackupExistsError,
  BackupInvalidError,
  DatabaseBusyError,
  DatabaseNewerError,
  DatabaseOpenError,
  DriverMissingError,
  MigrationDriftError,
  MigrationFailedError,
  MigrationIrreversibleError,
  RestoreRefusedError,
  SqliteVersionError,
  TransactionError,
} from './errors.ts';
export { listBackups } from './list-backups.ts';
export type { BackupManifest } from './manifest.ts';
export {
  migrate,
  type MigrateOptions,
  type MigrationReport,
  rollback,
  type RollbackOptions,
} from './migrate.ts';
export type { Migration, MigrationStep } from './migration.ts';
export { nodeSqlite } from './node-sqlite.ts';
export { openDatabase } from './open-database.ts';
export type { BackupOptions, DatabaseOptions, Durability, WaitOptions } from './options.ts';
export { restore, type RestoreOptions, type RestoreReport } from './restore.ts';
export { type Verification, verify, type VerifyOptions } from './verify.ts';
