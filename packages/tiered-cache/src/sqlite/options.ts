import { resolve } from 'node:path';
import { type Clock, methods, systemClock, text } from '@holdfast/core';

import { identifier } from '../checks.ts';
import { type DurableLimits, resolveLimits } from '../durable/limits.ts';
import type { SqliteDatabase } from './database.ts';

export interface SqliteOptions {
  /** Shown in errors and statistics. Defaults to `'sqlite'`. */
  readonly name?: string | undefined;
  /** Letters, digits, `.`, `_` and `-`. Created if it is missing. Defaults to `'holdfast_cache'`. */
  readonly table?: string | undefined;
  /** Most entries in the table, all namespaces together; a whole number of at least 1. Defaults to no limit. */
  readonly maxEntries?: number | undefined;
  /**
   * Most bytes that the entries in the table may take, keys and indexes included; a whole number of at least 1. A file with
   * nothing else in it is about as large, and its log takes another 4 MiB. A larger entry is not kept. Defaults to 256 MiB.
   */
  readonly maxBytes?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export interface ResolvedSqliteOptions {
  readonly name: string;
  readonly table: string;
  readonly limits: DurableLimits;
  readonly clock: Clock;
}

const defaultBytes = 256 * 1024 * 1024;

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: SqliteOptions): ResolvedSqliteOptions {
  return {
    name: text('name', options.name ?? 'sqlite'),
    table: identifier('table', options.table ?? 'holdfast_cache'),
    limits: resolveLimits(options, defaultBytes),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

/** A path is made absolute, so that it names the same file for good. */
export function checkedDatabase(databaseOrFile: SqliteDatabase | string): SqliteDatabase | string {
  if (typeof databaseOrFile !== 'string') return methods('databaseOrFile', databaseOrFile, 'exec', 'prepare');
  const file = text('databaseOrFile', databaseOrFile);
  return file === ':memory:' ? file : resolve(file);
}
