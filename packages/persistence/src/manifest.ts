import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What is known about a backup. It is a file of its own beside the data, and the last to appear. */
export interface BackupManifest {
  /** Of the manifest itself. This version writes and reads 1. */
  readonly format: number;
  readonly id: string;
  /** ISO 8601, in UTC. */
  readonly createdAt: string;
  /** Why it was made, as the caller said. */
  readonly reason: string;
  /** The `name` option of the database. */
  readonly database: string;
  /** Size of the data in bytes. */
  readonly bytes: number;
  /** SHA-256 of the data, as hexadecimal. */
  readonly sha256: string;
  /** Version of the SQLite that wrote the data. */
  readonly sqliteVersion: string;
  readonly userVersion: number;
  /** Ids of the applied migrations, oldest first. */
  readonly migrations: readonly string[];
  /** Rows per table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Rows whose foreign key leads nowhere: the database had them so. */
  readonly foreignKeyViolations: number;
}

export const dataFile = (directory: string, id: string): string => join(directory, `${id}.db`);

export const manifestFile = (directory: string, id: string): string => join(directory, `${id}.json`);

/**
 * The manifest as text, ending in the SHA-256 of everything before. The digest tells accident from intent only as
 * far as nobody can write to the folder.
 */
export function formatManifest(manifest: BackupManifest): string {
  const body = JSON.stringify(manifest, undefined, 2);
  const digest = createHash('sha256').update(body).digest('hex');
  return `${JSON.stringify({ ...manifest, digest }, undefined, 2)}\n`;
}

/** @returns `undefined` unless the text is, byte by byte, what `formatManifest` made of a manifest of that id. */
export function parseManifest(text: string, id: string): BackupManifest | undefined {
  try {
    const { digest: _, ...manifest } = JSON.parse(text) as BackupManifest & { digest: string };
    return formatManifest(manifest) === text && manifest.id === id && manifest.format === 1
      ? manifest
      : undefined;
  } catch {
    return undefined;
  }
}

/** @returns The manifest; `'missing'` or `'damaged'` if there is none to rely on. */
export async function readManifest(
  directory: string,
  id: string,
): Promise<BackupManifest | 'missing' | 'damaged'> {
  try {
    // As bytes: decoding would turn different damaged bytes into the same replacement character.
    const bytes = await readFile(manifestFile(directory, id));
    const text = bytes.toString('utf8');
    return (Buffer.from(text).equals(bytes) ? parseManifest(text, id) : undefined) ?? 'damaged';
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return 'missing';
    throw error;
  }
}
