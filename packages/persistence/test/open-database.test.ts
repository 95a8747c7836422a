import { statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import {
  type Connection,
  type Database,
  type DatabaseOptions,
  type Driver,
  openDatabase,
} from '@holdfast/persistence';
import { engines, temporaryFolder } from './engines.ts';

function pragma(database: Database, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

/** The engine, saying that it is another version of SQLite. */
function withVersion(driver: Driver, version: string): Driver {
  const lie = { get: () => ({ version }) };
  const open = (...parameters: Parameters<Driver['open']>): Connection => {
    const connection = driver.open(...parameters);
    return {
      inTransaction: false,
      exec: (sql) => connection.exec(sql),
      prepare: (sql) => (sql.includes('sqlite_version') ? lie : connection.prepare(sql)) as never,
      copyTo: (file, pages) => connection.copyTo(file, pages),
      close: () => connection.close(),
    };
  };
  return { name: driver.name, open };
}

describe.each(engines)('openDatabase on $name', (driver) => {
  it('sets every pragma, whatever the engine was compiled with', () => {
    using folder = temporaryFolder();
    const options = { cacheBytes: 8 * 2 ** 20, walLimitBytes: 2 ** 20, busyTimeoutMs: 123 };

    using database = openDatabase({ file: folder.at('a.db'), driver, durability: 'normal', ...options });

    const names =
      'journal_mode synchronous busy_timeout foreign_keys trusted_schema temp_store mmap_size cache_size';
    const found = names.split(' ').map((name) => [name, pragma(database, name)]);
    expect(Object.fromEntries(found)).toEqual({
      journal_mode: 'wal',
      synchronous: 1,
      busy_timeout: 123,
      foreign_keys: 1,
      trusted_schema: 0,
      temp_store: 2,
      mmap_size: 0,
      cache_size: -8192,
    });
    expect(pragma(database, 'wal_autocheckpoint')).toBe(1000);
    expect(pragma(database, 'journal_size_limit')).toBe(2 ** 20);
    expect(pragma(database, 'query_only')).toBe(0);
  });

  it('is durable against the loss of power unless told otherwise, and waits 250 ms for a lock', () => {
    using folder = temporaryFolder();

    using database = openDatabase({ file: folder.at('a.db'), driver });

    expect(database.durability).toBe('full');
    expect(pragma(database, 'synchronous')).toBe(2);
    expect(pragma(database, 'fullfsync')).toBe(1);
    expect(pragma(database, 'busy_timeout')).toBe(250);
    expect(pragma(database, 'cache_size')).toBe(-16384);
    expect(pragma(database, 'journal_size_limit')).toBe(64 * 2 ** 20);
  });

  it('sets them on each open, not only on the first', () => {
    using folder = temporaryFolder();
    openDatabase({ file: folder.at('a.db'), driver })[Symbol.dispose]();

    using again = openDatabase({ file: folder.at('a.db'), driver, durability: 'normal' });

    expect(pragma(again, 'synchronous')).toBe(1);
    expect(pragma(again, 'trusted_schema')).toBe(0);
  });

  it('reads and refuses to write when opened read-only', () => {
    using folder = temporaryFolder();
    using writer = openDatabase({ file: folder.at('a.db'), driver });
    writer.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');

    using reader = openDatabase({ file: folder.at('a.db'), driver, readOnly: true });

    expect(reader.transaction(() => reader.prepare('SELECT a FROM t').all())).toEqual([{ a: 1 }]);
    expect(() => reader.exec('INSERT INTO t VALUES (2)')).toThrow(/readonly|read-only|read only/);
  });

  it('opens a database in memory', () => {
    using database = openDatabase({ file: ':memory:', driver });

    expect(database.prepare('SELECT 1 AS one').get()).toEqual({ one: 1 });
    expect(database.statistics()).toMatchObject({ fileBytes: 0, walBytes: 0 });
  });

  it('refuses a SQLite before 3.51.3 and says what to do', () => {
    using folder = temporaryFolder();
    const open = (version: string, options?: Partial<DatabaseOptions>): void =>
      openDatabase({ file: folder.at('a.db'), driver: withVersion(driver, version), ...options })[
        Symbol.dispose
      ]();

    expect(() => open('3.51.2')).toThrow(
      expect.objectContaining({ code: 'ERR_SQLITE_VERSION', version: '3.51.2' }),
    );
    expect(() => open('3.9.99')).toThrow(/better-sqlite3 13/);
    expect(() => open('3.51.3')).not.toThrow();
    expect(() => open('4.0.0')).not.toThrow();
    expect(() => open('3.51.2', { allowVulnerableSqlite: true })).not.toThrow();
  });

  it('names the file that cannot be opened, with the cause of the engine', () => {
    using folder = temporaryFolder();
    writeFileSync(folder.at('note.txt'), 'this is not a database, however long it may be'.repeat(100));
    const open = (name: string): unknown => openDatabase({ file: folder.at(name), driver });

    const refused = { code: 'ERR_DATABASE_OPEN', cause: expect.any(Error) };
    expect(() => open('note.txt')).toThrow(
      expect.objectContaining({ ...refused, file: folder.at('note.txt') }),
    );
    expect(() => open('no-such-folder/a.db')).toThrow(expect.objectContaining(refused));
  });

  it('empties the write-ahead log when closed, and may be closed twice', () => {
    using folder = temporaryFolder();
    const database = openDatabase({ file: folder.at('a.db'), driver });
    database.exec('CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(100000))');
    expect(database.statistics().walBytes).toBeGreaterThan(100_000);

    database[Symbol.dispose]();
    database[Symbol.dispose]();

    expect(statSync(folder.at('a.db-wal'), { throwIfNoEntry: false })?.size ?? 0).toBe(0);
    expect(statSync(folder.at('a.db')).size).toBeGreaterThan(100_000);
  });

  it('closes in the middle of a transaction, which is rolled back', () => {
    using folder = temporaryFolder();
    const database = openDatabase({ file: folder.at('a.db'), driver });
    database.exec('CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)');

    database[Symbol.dispose]();

    using again = openDatabase({ file: folder.at('a.db'), driver });
    expect(again.prepare('SELECT count(*) AS rows FROM t').get()).toEqual({ rows: 0 });
  });
});

describe('openDatabase', () => {
  const bad: [string, Partial<Record<keyof DatabaseOptions, unknown>>, string][] = [
    ['an empty path', { file: '' }, 'file must be a string that is not empty'],
    ['a URI', { file: 'file:a.db?mode=memory' }, 'file must be a plain path'],
    ['an empty name', { name: '' }, 'name must be'],
    ['an unknown durability', { durability: 'off' }, "durability must be one of 'full', 'normal', got 'off'"],
    ['a readOnly that is no boolean', { readOnly: 'yes' }, 'readOnly must be one of true, false'],
    ['a driver that cannot open', { driver: {} }, 'driver must be an object with open()'],
    ['a negative wait', { busyTimeoutMs: -1 }, 'busyTimeoutMs must be a whole number'],
    ['part of a byte', { cacheBytes: 0.5 }, 'cacheBytes must be a whole number'],
    ['a negative limit', { walLimitBytes: -1 }, 'walLimitBytes must be a whole number'],
    [
      'a number as permission',
      { allowVulnerableSqlite: 1 },
      'allowVulnerableSqlite must be one of true, false',
    ],
  ];

  it.each(bad)('refuses %s', (_, options, message) => {
    const open = (): unknown => openDatabase({ file: ':memory:', ...options } as DatabaseOptions);

    expect(open).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
    expect(open).toThrow(message);
  });
});
