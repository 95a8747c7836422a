import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import {
  backup,
  type Connection,
  type Database,
  type Driver,
  openDatabase,
  restore,
  verify,
} from '@holdfast/persistence';
import { engines, type Folder, temporaryFolder } from './engines.ts';

describe.each(engines)('restore on $name', (driver) => {
  const opened = (folder: Folder): Database => openDatabase({ file: folder.at('a.db'), driver });
  const rows = (database: Database): unknown => database.prepare('SELECT a FROM t ORDER BY a').all();

  /** A live database that holds `2` and `3`, and a backup of it when it held `1`. */
  const changedSinceBackup = async (folder: Folder): Promise<Database> => {
    const database = opened(folder);
    database.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    await backup(database, folder.at('b'), { id: 'one' });
    database.exec('DELETE FROM t; INSERT INTO t VALUES (2), (3); CREATE TABLE later (a)');
    return database;
  };

  it('brings the backup back into the open database, for every connection and prepared statement', async () => {
    using folder = temporaryFolder();
    using database = await changedSinceBackup(folder);
    using other = opened(folder);
    const prepared = other.prepare('SELECT a FROM t ORDER BY a');
    expect(prepared.all()).toEqual([{ a: 2 }, { a: 3 }]);

    const { manifest, quarantined } = await restore(database, folder.at('b'), 'one');

    expect(manifest.id).toBe('one');
    expect(quarantined).toEqual([]);
    expect(database.statistics().walBytes).toBe(0);
    expect(rows(database)).toEqual([{ a: 1 }]);
    expect(prepared.all()).toEqual([{ a: 1 }]);
    expect(other.prepare(`SELECT name FROM sqlite_schema`).all()).toEqual([{ name: 't' }]);
    other.exec('INSERT INTO t VALUES (9)');
    expect(rows(database)).toEqual([{ a: 1 }, { a: 9 }]);
  });

  it('keeps what was there before as a backup of its own, which can be restored', async () => {
    using folder = temporaryFolder();
    using database = await changedSinceBackup(folder);

    const { safety } = await restore(database, folder.at('b'), 'one');

    expect(safety?.reason).toBe('before restoring one');
    expect((await verify(folder.at('b'), safety?.id ?? '', { driver })).valid).toBe(true);
    await restore(database, folder.at('b'), safety?.id ?? '');
    expect(rows(database)).toEqual([{ a: 2 }, { a: 3 }]);
  });

  it('is still there after closing, with the database in WAL mode', async () => {
    using folder = temporaryFolder();
    const database = await changedSinceBackup(folder);
    await restore(database, folder.at('b'), 'one');
    database[Symbol.dispose]();

    using again = opened(folder);

    expect(rows(again)).toEqual([{ a: 1 }]);
  });

  it('restores by path, into a file that others have open', async () => {
    using folder = temporaryFolder();
    using database = await changedSinceBackup(folder);

    const { safety } = await restore(folder.at('a.db'), folder.at('b'), 'one', { driver });

    expect(rows(database)).toEqual([{ a: 1 }]);
    expect(safety).toBeDefined();
  });

  it('restores by path where the database is missing, and not over a log that was left behind', async () => {
    using folder = temporaryFolder();
    (await changedSinceBackup(folder))[Symbol.dispose]();
    writeFileSync(folder.at('c.db-wal'), 'left behind');

    const clock = new ManualClock(1_000);
    const report = await restore(folder.at('c.db'), folder.at('b'), 'one', { driver, clock });

    expect(report.safety).toBeUndefined();
    expect(report.quarantined).toEqual([folder.at('c.db.damaged-1000-wal')]);
    using database = openDatabase({ file: folder.at('c.db'), driver });
    expect(rows(database)).toEqual([{ a: 1 }]);
  });

  it.each([
    ['no database at all', (bytes: Buffer) => bytes.fill(0x5a)],
    ['damaged inside', (bytes: Buffer) => bytes.fill(0x5a, 4096, 4096 + 60)],
  ])('restores by path where the file is %s, and puts that file aside', async (_, damage) => {
    using folder = temporaryFolder();
    (await changedSinceBackup(folder))[Symbol.dispose]();
    const damaged = damage(readFileSync(folder.at('a.db')));
    writeFileSync(folder.at('a.db'), damaged);

    const { quarantined, safety } = await restore(folder.at('a.db'), folder.at('b'), 'one', { driver });

    expect(safety).toBeUndefined();
    expect(quarantined.map((file) => readFileSync(file))).toContainEqual(damaged);
    using database = opened(folder);
    expect(rows(database)).toEqual([{ a: 1 }]);
  });

  it('has closed a database that is too damaged to be checked before it puts it aside', async () => {
    using folder = temporaryFolder();
    (await changedSinceBackup(folder))[Symbol.dispose]();
    writeFileSync(folder.at('a.db'), readFileSync(folder.at('a.db')).fill(0x5a, 4_096));
    const open = new Set<Connection>();
    const counting: Driver = {
      name: driver.name,
      open: (file, options) => {
        const connection = driver.open(file, options);
        const close = (): void => {
          open.delete(connection);
          connection.close();
        };
        open.add(connection);
        return new Proxy(connection, {
          get(target, key) {
            const value: unknown = key === 'close' ? close : Reflect.get(target, key, target);
            return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          },
        });
      },
    };

    const report = await restore(folder.at('a.db'), folder.at('b'), 'one', { driver: counting });

    expect(report.quarantined).toHaveLength(1);
    expect(open.size).toBe(0);
  });

  it('refuses a damaged backup and touches nothing', async () => {
    using folder = temporaryFolder();
    using database = await changedSinceBackup(folder);
    writeFileSync(folder.at('b/one.db'), readFileSync(folder.at('b/one.db')).fill(1, 5_000, 5_001));

    await expect(restore(database, folder.at('b'), 'one')).rejects.toMatchObject({
      code: 'ERR_BACKUP_INVALID',
      problems: ['its data does not have the recorded SHA-256'],
    });
    await expect(restore(database, folder.at('b'), 'none')).rejects.toMatchObject({
      problems: ['its manifest is missing'],
    });

    expect(rows(database)).toEqual([{ a: 2 }, { a: 3 }]);
    expect(readdirSync(folder.at('b')).toSorted()).toEqual(['one.db', 'one.json']);
  });

  it('waits for a writer, and gives up with everything unchanged when that takes too long', async () => {
    using folder = temporaryFolder();
    using database = await changedSinceBackup(folder);
    using other = opened(folder);
    const clock = new ManualClock();
    other.exec('BEGIN IMMEDIATE; INSERT INTO t VALUES (4)');

    let waiting = true;
    const late = restore(database, folder.at('b'), 'one', { clock, maxWaitMs: 1_000 })
      .catch((error: unknown) => error)
      .finally(() => (waiting = false));
    const isWaiting = (): boolean => waiting;
    while (isWaiting()) await clock.advance(100);
    other.exec('COMMIT');

    expect(await late).toMatchObject({ code: 'ERR_DATABASE_BUSY' });
    expect(rows(database)).toEqual([{ a: 2 }, { a: 3 }, { a: 4 }]);
    await restore(database, folder.at('b'), 'one');
    expect(rows(database)).toEqual([{ a: 1 }]);
  });

  it('refuses a target that cannot take it', async () => {
    using folder = temporaryFolder();
    using database = await changedSinceBackup(folder);
    using memory = openDatabase({ file: ':memory:', driver });
    using reader = openDatabase({ file: folder.at('a.db'), driver, readOnly: true });
    const refusal = (target: Database): Promise<string> =>
      restore(target, folder.at('b'), 'one').then(
        () => 'restored',
        (error: { code: string; message: string }) => `${error.code} ${error.message}`,
      );

    expect(await refusal(memory)).toMatch(/^ERR_RESTORE_REFUSED .*in memory/);
    expect(await refusal(reader)).toMatch(/^ERR_RESTORE_REFUSED .*read-only/);
    database.exec('BEGIN');
    expect(await refusal(database)).toMatch(/^ERR_RESTORE_REFUSED .*in a transaction/);
    database.exec('ROLLBACK');
    expect(existsSync(folder.at('b/one.db'))).toBe(true);
  });

  it('refuses a database of another page size', async () => {
    using folder = temporaryFolder();
    using database = await changedSinceBackup(folder);
    const raw = driver.open(folder.at('c.db'), { readOnly: false });
    raw.exec('PRAGMA page_size = 8192; VACUUM; CREATE TABLE t (a)');
    raw.close();
    using other = openDatabase({ file: folder.at('c.db'), driver });

    await expect(restore(other, folder.at('b'), 'one')).rejects.toThrow(/pages have 4096 bytes/);
    expect(rows(database)).toEqual([{ a: 2 }, { a: 3 }]);
  });

  it('refuses to overwrite a damaged database that is open, since it could not be backed up before', async () => {
    using folder = temporaryFolder();
    (await changedSinceBackup(folder))[Symbol.dispose]();
    writeFileSync(folder.at('a.db'), readFileSync(folder.at('a.db')).fill(0x5a, 4096 + 8, 4096 + 60));
    using database = opened(folder);

    await expect(restore(database, folder.at('b'), 'one')).rejects.toMatchObject({
      code: 'ERR_RESTORE_REFUSED',
    });
  });
});
