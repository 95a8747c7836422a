import { text } from '@holdfast/core';
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Database } from './database.ts';
import { BackupExistsError, BackupInvalidError } from './errors.ts';
import { flushFile, flushFolder, replaceText, sha256Of, sizeOf } from './files.ts';
import { inspect, withConnection } from './inspect.ts';
import { type BackupManifest, dataFile, formatManifest, manifestFile } from './manifest.ts';
import { type BackupOptions, resolveBackupOptions } from './options.ts';

/**
 * Copies the database, as it is at one moment after the call, into a folder. Writers of this and of other processes go
 * on meanwhile. The copy is read back and checked by the engine, hashed and confirmed by the disk before its manifest
 * makes it a backup: so a backup that `listBackups` shows was whole once, and a crash leaves none or all of it.
 *
 * @param directory - Created if missing, for this user only.
 * @throws {BackupExistsError} when the id is taken.
 * @throws {BackupInvalidError} when the copy fails the check: then the database itself is damaged.
 */
export async function backup(
  database: Database,
  directory: string,
  options: BackupOptions = {},
): Promise<BackupManifest> {
  const { id, reason, createdAt, mark } = resolveBackupOptions(options);
  const folder = resolve(text('directory', directory));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await sizeOf(manifestFile(folder, id))) !== undefined) throw new BackupExistsError(id);

  const partial = join(folder, `.${id}.${mark}.partial`);
  try {
    await copy(database, partial);
    const { damage, pageSize: _, ...contents } = inspect(database.driver, partial);
    if (damage.length > 0) throw new BackupInvalidError(id, damage);
    await flushFile(partial);
    const bytes = (await sizeOf(partial)) ?? 0;
    const sha256 = await sha256Of(partial);
    const manifest: BackupManifest = {
      format: 1,
      id,
      createdAt,
      reason,
      database: database.name,
      bytes,
      sha256,
      ...contents,
    };
    await rename(partial, dataFile(folder, id));
    await flushFolder(folder);
    await replaceText(manifestFile(folder, id), formatManifest(manifest), `${partial}.json`);
    return manifest;
  } finally {
    await Promise.all(['', '-wal', '-shm', '-journal'].map((end) => rm(`${partial}${end}`, { force: true })));
  }
}

async function copy(database: Database, file: string): Promise<void> {
  // Made before the engine opens it, so that nobody else can read it at any moment.
  await (await open(file, 'wx', 0o600)).close();
  await database.copyTo(file);
  // The copy is in WAL mode like its original; as a single file it can be moved and hashed.
  withConnection(database.driver, file, { readOnly: false }, (connection) => {
    connection.exec('PRAGMA journal_mode = DELETE');
  });
  await chmod(file, 0o600);
}
