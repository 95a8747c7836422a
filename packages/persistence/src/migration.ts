import { InvalidOptionError, object, oneOf, text } from '@holdfast/core';
import { createHash } from 'node:crypto';

import type { Database } from './database.ts';

/** What a step does: SQL, or a synchronous function for what SQL cannot say. */
export type MigrationStep = string | ((database: Database) => void);

export interface Migration {
  /** Unique in the list and never changed, such as `'0001-users'`. */
  readonly id: string;
  readonly up: MigrationStep;
  /** Undoes `up`. Without it there is no way back past this migration. */
  readonly down?: MigrationStep | undefined;
  /**
   * Counts as the content of an `up` that is a function, whose source text differs from build to build.
   * Change it when the function does something else.
   */
  readonly revision?: string | undefined;
  /**
   * `'off'` for the migration that rebuilds a table by create, copy, drop and rename. The foreign keys are checked
   * before the commit either way. Defaults to `'on'`.
   *
   * @see https://www.sqlite.org/lang_altertable.html#otheralter
   */
  readonly foreignKeys?: 'on' | 'off' | undefined;
}

/** SHA-256 of what `up` does, as hexadecimal. Line ends do not count: version control changes them. */
export function checksum({ up, revision }: Migration): string {
  const content =
    typeof up === 'string' ? `sql\n${up.replaceAll('\r\n', '\n')}` : `function\n${revision ?? ''}`;
  return createHash('sha256').update(content).digest('hex');
}

/** @throws {InvalidOptionError} when the list cannot be applied by anybody. */
export function checkMigrations(migrations: readonly Migration[]): void {
  if (!Array.isArray(migrations)) throw new InvalidOptionError('migrations', 'a list', migrations);
  const seen = new Set<string>();
  for (const [index, migration] of (migrations as readonly Migration[]).entries()) {
    const { id, up, down, foreignKeys } = object(`migrations[${index}]`, migration);
    text(`migrations[${index}].id`, id);
    if (seen.has(id)) throw new InvalidOptionError(`migrations[${index}].id`, 'unique', id);
    seen.add(id);
    step(`migrations[${index}].up`, up);
    if (down !== undefined) step(`migrations[${index}].down`, down);
    oneOf(`migrations[${index}].foreignKeys`, foreignKeys ?? 'on', ['on', 'off']);
  }
}

function step(option: string, value: unknown): void {
  if (typeof value !== 'string' && typeof value !== 'function')
    throw new InvalidOptionError(option, 'SQL or a function', value);
}
