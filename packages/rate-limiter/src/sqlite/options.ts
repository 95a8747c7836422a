import { resolve } from 'node:path';
import { duration, InvalidOptionError, methods, ratio, text, wholeNumber } from '@holdfast/core';
import type { SqliteDatabase } from './database.ts';
import { nodeSqlite } from './limits-file.ts';

export interface SqliteStoreOptions {
  /**
   * Name of the table, letters, digits and `_`; another one, which ends in `_scopes`, is beside it. Both are created if they
   * are missing. Defaults to `'holdfast_rate_limits'`.
   */
  readonly table?: string | undefined;

  /**
   * Most subjects kept per limiter and scope; a whole number of at least 1. When more of them count at once, those whose
   * spending runs out first, of a sample of 16, are forgotten. Defaults to 1,000,000.
   */
  readonly maxSubjects?: number | undefined;

  /**
   * Longest wait for another process that writes, in milliseconds; over it the decision is local. It blocks this process.
   * At least 1. A database that is handed in waits as its owner told it to. Defaults to 50.
   */
  readonly timeoutMs?: number | undefined;

  /** After a failure, one call per so many milliseconds asks the database; the others do not. At least 1. Defaults to 1000. */
  readonly probeIntervalMs?: number | undefined;

  /**
   * Processes that share the file. While the database fails, each admits its part of a limit, rounded up: together at most
   * the limit, plus one per process. A whole number of at least 1. Defaults to 1: the processes do not share.
   */
  readonly instances?: number | undefined;

  /**
   * This process's share of each limit while the database fails; over 0, up to 1. For processes that do not get equal
   * shares of the traffic. Defaults to `1 / instances`.
   */
  readonly localShareRatio?: number | undefined;

  /** Most subjects counted in this process while the database fails, per scope. At least 1. Defaults to 100,000. */
  readonly maxLocalSubjects?: number | undefined;
}

export type ResolvedSqliteStoreOptions = {
  readonly [Option in Exclude<keyof SqliteStoreOptions, 'instances'>]-?: NonNullable<
    SqliteStoreOptions[Option]
  >;
};

/** @throws {InvalidOptionError} naming the first option that is wrong. */
export function resolveSqliteOptions(options: SqliteStoreOptions): ResolvedSqliteStoreOptions {
  const instances = wholeNumber('instances', options.instances ?? 1, 1);
  return {
    table: identifier('table', options.table ?? 'holdfast_rate_limits'),
    maxSubjects: wholeNumber('maxSubjects', options.maxSubjects ?? 1_000_000, 1),
    timeoutMs: duration('timeoutMs', options.timeoutMs ?? 50, 1),
    probeIntervalMs: duration('probeIntervalMs', options.probeIntervalMs ?? 1_000, 1),
    localShareRatio: ratio('localShareRatio', options.localShareRatio ?? 1 / instances, 'over'),
    maxLocalSubjects: wholeNumber('maxLocalSubjects', options.maxLocalSubjects ?? 100_000, 1, 2 ** 24 - 1),
  };
}

/**
 * A path is made absolute, so that it names the same file for good.
 *
 * @throws {InvalidOptionError} on something else, and on a path where Node.js was built without `node:sqlite`.
 */
export function checkedDatabase(databaseOrFile: SqliteDatabase | string): SqliteDatabase | string {
  if (typeof databaseOrFile !== 'string') return methods('databaseOrFile', databaseOrFile, 'exec', 'prepare');
  const file = text('databaseOrFile', databaseOrFile);
  if (nodeSqlite() === undefined)
    throw new InvalidOptionError(
      'databaseOrFile',
      'an open database, as this Node.js has no node:sqlite',
      file,
    );
  return file === ':memory:' ? file : resolve(file);
}

/** It becomes part of statements. */
function identifier(option: string, value: unknown): string {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(text(option, value))) return value as string;
  throw new InvalidOptionError(option, 'letters, digits and _ of at most 100 characters', value);
}
