import { isHoldfastError, methods, text } from '@holdfast/core';
import { resolve } from 'node:path';

import { backup } from './backup.ts';
import type { Database } from './database.ts';
import { defaultDriver } from './default-driver.ts';
import { allPages, type Driver } from './driver.ts';
import { isCorrupt } from './engine-errors.ts';
import { BackupInvalidError, RestoreRefusedError } from './errors.ts';
import { replaceDatabase, sizeOf } from './files.ts';
import { damageOf, withConnection } from './inspect.ts';
import { type BackupManifest, dataFile } from './manifest.ts';
import { openDatabase } from './open-database.ts';
import { path, type ResolvedWaitOptions, resolveWaitOptions, type WaitOptions } from './options.ts';
import { pragma } from './pragmas.ts';
import { verify } from './verify.ts';
import { whenFree } from './when-free.ts';

export interface RestoreOptions extends WaitOptions {
  /** The engine, if the target is a path. Defaults as for `openDatabase`. */
  readonly driver?: Driver | undefined;
}

export interface RestoreReport {
  /** What the database holds now. */
  readonly manifest: BackupManifest;
  /** The backup of what it held before, in the same folder; `undefined` if there was nothing that could be read. */
  readonly safety: BackupManifest | undefined;
  /** Where the files of an unreadable database were put aside. */
  readonly quarantined: readonly string[];
}

/**
 * Makes a backup the content of a database again. The backup is verified first and the present content backed up
 * beside it. Then the engine writes the backup over the database as one transaction: at every moment, also after a
 * crash, the database is wholly the old or wholly the new, and other connections and processes see the new content
 * with their next statement.
 *
 * What others commit after the safety backup and before the restore is in neither: stop writers first.
 *
 * A target given as a path may be missing or unreadable: then the file is replaced, which needs every other process
 * to have closed it. Other migrations than the program's may be in a backup: call `migrate` afterwards.
 *
 * @throws {BackupInvalidError} when the backup does not verify.
 * @throws {RestoreRefusedError} when the target cannot take it; nothing was changed.
 * @throws {DatabaseBusyError} when another connection holds the lock for longer than `maxWaitMs`.
 */
export async function restore(
  target: Database | string,
  directory: string,
  id: string,
  options: RestoreOptions = {},
): Promise<RestoreReport> {
  const wait = resolveWaitOptions(options);
  const folder = resolve(text('directory', directory));
  const driver =
    typeof target === 'string' ? methods('driver', options.driver ?? defaultDriver(), 'open') : target.driver;
  const { manifest, problems } = await verify(folder, id, { driver });
  if (manifest === undefined || problems.length > 0) throw new BackupInvalidError(id, problems);

  if (typeof target !== 'string') return overwrite(target, folder, manifest, wait);
  const database = await openSound(path('target', target), driver);
  if (database === undefined) return replace(target, folder, manifest, wait);
  try {
    return await overwrite(database, folder, manifest, wait);
  } finally {
    database[Symbol.dispose]();
  }
}

/** Through the engine, into the live database. */
async function overwrite(
  database: Database,
  folder: string,
  manifest: BackupManifest,
  wait: ResolvedWaitOptions,
): Promise<RestoreReport> {
  const { id } = manifest;
  const source = dataFile(folder, id);
  requireWritable(database, id);
  const pageSize = withConnection(database.driver, source, { readOnly: true }, (from) =>
    pragma(from, 'page_size'),
  );
  if (pageSize !== pragma(database, 'page_size'))
    throw new RestoreRefusedError(
      id,
      `its pages have ${String(pageSize)} bytes, those of the database another size`,
    );

  const safety = await saveBefore(database, folder, id, wait);
  await whenFree(database, wait, async () => {
    const from = database.driver.open(source, { readOnly: true });
    // In one step: a writer of this process that came between two steps would block the event loop until it gives up.
    await from.copyTo(database.file, allPages).finally(() => from.close());
  });
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return { manifest, safety, quarantined: [] };
}

function requireWritable(database: Database, id: string): void {
  if (database.file === ':memory:')
    throw new RestoreRefusedError(id, 'a database in memory cannot be its target');
  if (database.readOnly) throw new RestoreRefusedError(id, 'the database was opened read-only');
  if (database.inTransaction) throw new RestoreRefusedError(id, 'the database is in a transaction');
}

async function saveBefore(
  database: Database,
  folder: string,
  id: string,
  { clock, random }: ResolvedWaitOptions,
): Promise<BackupManifest> {
  try {
    return await backup(database, folder, { reason: `before restoring ${id}`, clock, random });
  } catch (error) {
    if (!isHoldfastError(error, 'ERR_BACKUP_INVALID')) throw error;
    const advice =
      'the database is damaged; close it everywhere and restore by its path, which puts it aside';
    throw new RestoreRefusedError(id, advice, error);
  }
}

/** By file, where there is no live database to protect. */
async function replace(
  target: string,
  folder: string,
  manifest: BackupManifest,
  { clock }: ResolvedWaitOptions,
): Promise<RestoreReport> {
  const aside = `damaged-${clock.epoch()}`;
  const quarantined = await replaceDatabase(resolve(target), dataFile(folder, manifest.id), aside);
  return { manifest, safety: undefined, quarantined };
}

/** @returns `undefined` if there is no database at that path, or none that can be read to its end. */
async function openSound(file: string, driver: Driver): Promise<Database | undefined> {
  if ((await sizeOf(file)) === undefined) return undefined;
  let database: Database | undefined;
  let isSound = false;
  try {
    database = openDatabase({ file, driver });
    isSound = damageOf(database).length === 0;
    return isSound ? database : undefined;
  } catch (error) {
    if (isCorrupt(error) || isCorrupt((error as { cause?: unknown }).cause)) return undefined;
    throw error;
  } finally {
    // Some damage makes the check itself fail. A connection left open would hold on to files that are put aside, and to
    // the names of those that take their place.
    if (!isSound) database?.[Symbol.dispose]();
  }
}
