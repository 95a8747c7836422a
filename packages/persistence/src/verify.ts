import { methods, text } from '@holdfast/core';
import { resolve } from 'node:path';

import { defaultDriver } from './default-driver.ts';
import type { Driver } from './driver.ts';
import { sha256Of, sizeOf } from './files.ts';
import { inspect } from './inspect.ts';
import { type BackupManifest, dataFile, readManifest } from './manifest.ts';
import { backupId } from './options.ts';

export interface VerifyOptions {
  /** The engine that reads the backup. Defaults as for `openDatabase`. */
  readonly driver?: Driver | undefined;
}

export interface Verification {
  readonly id: string;
  readonly valid: boolean;
  /** What is wrong, one sentence each. Empty exactly if `valid`. */
  readonly problems: readonly string[];
  /** `undefined` if missing or damaged. */
  readonly manifest: BackupManifest | undefined;
}

/**
 * Reads a backup from end to end: the manifest against its digest, the data against size and SHA-256, then by the
 * engine: `integrity_check`, foreign keys, migrations and rows per table. Reports what is wrong and throws for none of it.
 *
 * @throws {InvalidOptionError} when the id could not be one.
 */
export async function verify(
  directory: string,
  id: string,
  options: VerifyOptions = {},
): Promise<Verification> {
  const folder = resolve(text('directory', directory));
  const driver = methods('driver', options.driver ?? defaultDriver(), 'open');
  const manifest = await readManifest(folder, backupId('id', id));
  if (typeof manifest === 'string') return report(id, [`its manifest is ${manifest}`]);

  const problems = await compareFile(dataFile(folder, id), manifest);
  // Bytes that are not the ones written are not shown to the engine.
  if (problems.length === 0) problems.push(...compareContents(driver, dataFile(folder, id), manifest));
  return report(id, problems, manifest);
}

async function compareFile(file: string, { bytes, sha256 }: BackupManifest): Promise<string[]> {
  const size = await sizeOf(file);
  if (size === undefined) return ['its data is missing'];
  if (size !== bytes) return [`its data has ${size} bytes instead of ${bytes}`];
  return (await sha256Of(file)) === sha256 ? [] : ['its data does not have the recorded SHA-256'];
}

function compareContents(driver: Driver, file: string, manifest: BackupManifest): string[] {
  try {
    const found = inspect(driver, file);
    const facts = ['userVersion', 'migrations', 'rows', 'foreignKeyViolations'] as const;
    const differing = facts.filter((fact) => JSON.stringify(found[fact]) !== JSON.stringify(manifest[fact]));
    return [...found.damage, ...differing.map((fact) => `its ${fact} differ from the manifest`)];
  } catch (error) {
    return [`its data cannot be read: ${(error as Error).message}`];
  }
}

function report(id: string, problems: readonly string[], manifest?: BackupManifest): Verification {
  return { id, valid: problems.length === 0, problems, manifest };
}
