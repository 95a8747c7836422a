import {
  callable,
  type Clock,
  duration,
  InvalidOptionError,
  methods,
  oneOf,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';
import { resolve } from 'node:path';

import { defaultDriver } from './default-driver.ts';
import type { Driver } from './driver.ts';

/**
 * What a commit survives. `'full'`: the crash of the process and the loss of power. `'normal'`: the crash of the
 * process; a loss of power may take the last commits, but never damages the file.
 */
export type Durability = 'full' | 'normal';

export interface DatabaseOptions {
  /** Path of the database, or `':memory:'`. Its folder must exist. URIs are refused: the engines disagree on them. */
  readonly file: string;

  /** Shown in errors and statistics. Defaults to `'database'`. */
  readonly name?: string | undefined;

  /** Defaults to `'full'`. */
  readonly durability?: Durability | undefined;

  /** Whether writes are refused. The file must exist. Defaults to `false`. */
  readonly readOnly?: boolean | undefined;

  /** Defaults to `node:sqlite` on Node.js 24.15 and later, on older ones to better-sqlite3 if installed. */
  readonly driver?: Driver | undefined;

  /**
   * How long a statement waits for another connection's lock, in whole milliseconds. The wait blocks the event loop.
   * Defaults to 250; 5,000 suits a worker thread. Opening itself waits for up to 5 seconds.
   */
  readonly busyTimeoutMs?: number | undefined;

  /** Page cache of this connection, in bytes, rounded up to KiB. Defaults to 16 MiB. */
  readonly cacheBytes?: number | undefined;

  /** What the write-ahead log is cut back to after a checkpoint, in bytes. Defaults to 64 MiB. */
  readonly walLimitBytes?: number | undefined;

  /** Opens with a SQLite before 3.51.3 too. Safe only where one connection at a time has the file. Defaults to `false`. */
  readonly allowVulnerableSqlite?: boolean | undefined;
}

export type ResolvedDatabaseOptions = {
  readonly [Key in keyof DatabaseOptions]-?: NonNullable<DatabaseOptions[Key]>;
};

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: DatabaseOptions): ResolvedDatabaseOptions {
  return {
    file: path('file', options.file),
    name: text('name', options.name ?? 'database'),
    durability: oneOf('durability', options.durability ?? 'full', ['full', 'normal']),
    readOnly: oneOf('readOnly', options.readOnly ?? false, [true, false]),
    driver: methods('driver', options.driver ?? defaultDriver(), 'open'),
    busyTimeoutMs: wholeNumber('busyTimeoutMs', options.busyTimeoutMs ?? 250, 0, 2 ** 31 - 1),
    cacheBytes: wholeNumber('cacheBytes', options.cacheBytes ?? 16 * 2 ** 20, 0, 2 ** 40),
    walLimitBytes: wholeNumber('walLimitBytes', options.walLimitBytes ?? 64 * 2 ** 20, 0),
    allowVulnerableSqlite: oneOf('allowVulnerableSqlite', options.allowVulnerableSqlite ?? false, [
      true,
      false,
    ]),
  };
}

/** How long to wait for other connections, for what may take a while. */
export interface WaitOptions {
  /** Longest wait for another connection's lock, in milliseconds. Defaults to 60,000. */
  readonly maxWaitMs?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
  /** From 0 up to but not 1; spreads the tries out. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;
}

export type ResolvedWaitOptions = { readonly [Key in keyof WaitOptions]-?: NonNullable<WaitOptions[Key]> };

export function resolveWaitOptions(options: WaitOptions): ResolvedWaitOptions {
  return {
    maxWaitMs: duration('maxWaitMs', options.maxWaitMs ?? 60_000),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
    random: callable('random', options.random ?? Math.random),
  };
}

export interface BackupOptions {
  /** 1 to 64 of a-z, 0-9 and `-`; unique in its folder. Defaults to the time in UTC and four random characters. */
  readonly id?: string | undefined;
  /** Kept in the manifest. Defaults to `'on request'`. */
  readonly reason?: string | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
  /** From 0 up to but not 1; makes names differ. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** What a backup is called; `mark` tells the files of this try from those of another. */
export type ResolvedBackupOptions = Readonly<Record<'id' | 'reason' | 'createdAt' | 'mark', string>>;

export function resolveBackupOptions(options: BackupOptions): ResolvedBackupOptions {
  const clock = methods('clock', options.clock ?? systemClock, 'epoch');
  const random = callable('random', options.random ?? Math.random);
  const mark = Math.floor(random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0');
  const createdAt = new Date(clock.epoch()).toISOString();
  const stamp = createdAt.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return {
    id: backupId('id', options.id ?? `${stamp}-${mark}`),
    reason: text('reason', options.reason ?? 'on request'),
    createdAt,
    mark,
  };
}

/** Checks the name of a backup. It becomes part of a file name, so it can hold no path. */
export function backupId(option: string, value: unknown): string {
  if (typeof value === 'string' && /^[a-z0-9-]{1,64}$/.test(value)) return value;
  throw new InvalidOptionError(option, '1 to 64 of a-z, 0-9 and -', value);
}

/** Checks a path and makes it absolute, so that it means the same file after a `chdir`. */
export function path(option: string, value: unknown): string {
  const file = text(option, value);
  if (file.startsWith('file:') || file.includes('\0'))
    throw new InvalidOptionError(option, 'a plain path', value);
  return file === ':memory:' ? file : resolve(file);
}
