import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Size of a file in bytes; `undefined` if there is none. */
export async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(({ size }) => size, ifMissing);
}

/** SHA-256 of a file as hexadecimal, read in pieces. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}

/** Has the disk confirm the content of a file. */
export async function flushFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Has the disk confirm the names in a folder. Windows keeps them by itself and refuses to open a folder. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Puts a text file in place so that at every moment it has the old content or the new, also after a loss of power. */
export async function replaceText(file: string, content: string, temporary: string): Promise<void> {
  try {
    await writeFile(temporary, content, { flag: 'wx', mode: 0o600, flush: true });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushFolder(dirname(file));
}

/**
 * Puts a copy of `source` in the place of a database that nobody has open. The old files go aside: the log first,
 * because the engine would replay it over any database that it finds beside it.
 *
 * @returns Where the old files are now.
 */
export async function replaceDatabase(file: string, source: string, aside: string): Promise<string[]> {
  const temporary = `${file}.restoring`;
  await copyFile(source, temporary);
  await flushFile(temporary);
  // Copied, not moved: at no moment may the database be missing, or a program that starts would make an empty one.
  const moved = [
    await ifThere(file, `${file}.${aside}`, copyFile),
    await ifThere(`${file}-wal`, `${file}.${aside}-wal`, rename),
    await ifThere(`${file}-shm`, `${file}.${aside}-shm`, rename),
  ];
  await rename(temporary, file);
  await flushFolder(dirname(file));
  return moved.filter((each) => each !== undefined);
}

async function ifThere(
  from: string,
  to: string,
  act: (from: string, to: string) => Promise<void>,
): Promise<string | undefined> {
  return act(from, to).then(() => to, ifMissing);
}

function ifMissing(error: unknown): undefined {
  if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
}
