import { text } from '@holdfast/core';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';

import { sizeOf } from './files.ts';
import { type BackupManifest, dataFile, readManifest } from './manifest.ts';

/**
 * The backups in a folder, the newest first; none if there is no such folder. Shows those whose manifest is intact and
 * whose data has the recorded size, which is quick to see; only `verify` reads the data. Partial files are never shown.
 */
export async function listBackups(directory: string): Promise<BackupManifest[]> {
  const folder = resolve(text('directory', directory));
  const manifests = await Promise.all((await idsIn(folder)).map((id) => readManifest(folder, id)));
  const intact = manifests.filter((manifest) => typeof manifest !== 'string');
  const sizes = await Promise.all(intact.map(({ id }) => sizeOf(dataFile(folder, id))));
  return intact
    .filter(({ bytes }, index) => sizes[index] === bytes)
    .toSorted(
      (left, right) => right.createdAt.localeCompare(left.createdAt) || right.id.localeCompare(left.id),
    );
}

async function idsIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.flatMap(({ name }) => /^([a-z0-9-]{1,64})\.json$/.exec(name)?.[1] ?? []);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return [];
    throw error;
  }
}
