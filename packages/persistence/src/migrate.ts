import { InvalidOptionError } from '@holdfast/core';

import type { Database } from './database.ts';
import { MigrationFailedError, MigrationIrreversibleError, TransactionError } from './errors.ts';
import { checkMigrations, checksum, type Migration, type MigrationStep } from './migration.ts';
import { compareLedger, createLedger, readLedger, recordApplied, recordUndone } from './migration-ledger.ts';
import { type ResolvedWaitOptions, resolveWaitOptions, type WaitOptions } from './options.ts';
import { whenFree } from './when-free.ts';

export type MigrateOptions = WaitOptions;

export interface MigrationReport {
  /** What this call did, in the order it was done. Empty when another process was faster. */
  readonly migrations: readonly string[];
  /** The newest migration that the database has now. */
  readonly current: string | undefined;
}

export interface RollbackOptions extends WaitOptions {
  /** The migration to go back to, which stays applied; `undefined` goes back to before the first. */
  readonly to: string | undefined;
}

/**
 * Applies the migrations that the database does not have yet, in order. Each one and its entry in the ledger are one
 * transaction. Any number of processes may call it at once: each migration is applied by one of them, the others wait.
 *
 * @throws {MigrationDriftError} when the list differs from what was applied.
 * @throws {DatabaseNewerError} when the database has migrations that the list does not.
 * @throws {MigrationFailedError} when one fails; it was rolled back, those before it stay.
 * @throws {DatabaseBusyError} when another connection holds the lock for longer than `maxWaitMs`.
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  options: MigrateOptions = {},
): Promise<MigrationReport> {
  const wait = resolveWaitOptions(options);
  checkMigrations(migrations);
  compareLedger(readLedger(database), migrations);

  const done: string[] = [];
  for (const [position, migration] of migrations.entries()) {
    if (readLedger(database).length > position) continue;
    const applied = await whenFree(database, wait, () => apply(database, migrations, position, wait));
    if (applied) done.push(migration.id);
  }
  return { migrations: done, current: readLedger(database).at(-1)?.id };
}

/**
 * Undoes the migrations after `to`, the newest first, each in its own transaction.
 *
 * @throws {MigrationIrreversibleError} before anything is undone, when one of them has no `down`.
 * @throws {MigrationFailedError} when a `down` fails; it was rolled back, those undone before it stay undone.
 * @throws {MigrationDriftError} {@link DatabaseNewerError} or {@link DatabaseBusyError}, as {@link migrate} does.
 */
export async function rollback(
  database: Database,
  migrations: readonly Migration[],
  options: RollbackOptions,
): Promise<MigrationReport> {
  const wait = resolveWaitOptions(options);
  checkMigrations(migrations);
  const kept = options.to === undefined ? 0 : migrations.findIndex(({ id }) => id === options.to) + 1;
  if (options.to !== undefined && kept === 0)
    throw new InvalidOptionError('to', 'the id of one of the migrations', options.to);

  const ledger = readLedger(database);
  compareLedger(ledger, migrations);
  const stuck = migrations.slice(kept, ledger.length).filter(({ down }) => down === undefined);
  if (stuck.length > 0) throw new MigrationIrreversibleError(stuck.map(({ id }) => id));

  const done: string[] = [];
  for (let position = ledger.length - 1; position >= kept; position -= 1) {
    const undone = await whenFree(database, wait, () => undo(database, migrations, position));
    if (undone) done.push((migrations[position] as Migration).id);
  }
  return { migrations: done, current: readLedger(database).at(-1)?.id };
}

/** @returns Whether it was this call that applied it, and not another process. */
function apply(
  database: Database,
  migrations: readonly Migration[],
  position: number,
  { clock }: ResolvedWaitOptions,
): boolean {
  const migration = migrations[position] as Migration;
  return inOwnTransaction(database, migration, () => {
    createLedger(database);
    const ledger = readLedger(database);
    compareLedger(ledger, migrations);
    if (ledger.length > position) return false;
    run(database, migration, 'up');
    const entry = { id: migration.id, checksum: checksum(migration), appliedAt: clock.epoch() };
    recordApplied(database, position, entry);
    return true;
  });
}

/** @returns Whether it was this call that undid it, and not another process. */
function undo(database: Database, migrations: readonly Migration[], position: number): boolean {
  const migration = migrations[position] as Migration;
  return inOwnTransaction(database, migration, () => {
    const ledger = readLedger(database);
    compareLedger(ledger, migrations);
    if (ledger.length !== position + 1) return false;
    run(database, migration, 'down');
    recordUndone(database, migration.id);
    return true;
  });
}

function inOwnTransaction(database: Database, { foreignKeys }: Migration, work: () => boolean): boolean {
  if (foreignKeys !== 'off') return database.transaction(work);
  // Outside the transaction, because the engine ignores this pragma inside one.
  database.exec('PRAGMA foreign_keys = OFF');
  try {
    return database.transaction(work);
  } finally {
    database.exec('PRAGMA foreign_keys = ON');
  }
}

function run(database: Database, migration: Migration, direction: 'up' | 'down'): void {
  try {
    const step = migration[direction] as MigrationStep;
    database.exec(`SAVEPOINT ${stepMark}`);
    const result: unknown = typeof step === 'string' ? database.exec(step) : step(database);
    // How it ends is nobody's business any more: its caller is told here.
    if (result instanceof Promise) result.catch(() => undefined);
    if (result !== undefined)
      throw new TransactionError('a migration must be synchronous and return nothing');
    if (!releaseMark(database))
      throw new TransactionError('the migration ended the transaction that it ran in');
    const violation = database.prepare<{ table: string }>('PRAGMA foreign_key_check').get();
    if (violation !== undefined)
      throw new TransactionError(`foreign keys are violated in ${violation.table}`);
  } catch (error) {
    throw new MigrationFailedError(migration.id, direction, error);
  }
}

/** A savepoint that is gone after a step tells that the step ended the transaction, even if it began another one. */
const stepMark = 'holdfast_migration_step';

function releaseMark(database: Database): boolean {
  try {
    database.exec(`RELEASE ${stepMark}`);
    return true;
  } catch {
    return false;
  }
}
