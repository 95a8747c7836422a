import { ManualClock } from '@holdfast/core/testing';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { backup, type Database, listBackups, migrate, openDatabase, verify } from '@holdfast/persistence';
import { engines, temporaryFolder } from './engines.ts';

describe.each(engines)('backup on $name', (driver) => {
  const filled = (file: string): Database => {
    const database = openDatabase({ file, driver, name: 'notes' });
    database.exec(
      `PRAGMA user_version = 7; CREATE TABLE "no""te" (text); INSERT INTO "no""te" VALUES ('a'), ('b')`,
    );
    return database;
  };

  it('makes one file and its manifest, which verify', async () => {
    using folder = temporaryFolder();
    using database = filled(folder.at('a.db'));
    await migrate(database, [{ id: '0001', up: 'CREATE TABLE users (id INTEGER PRIMARY KEY)' }]);

    const clock = new ManualClock(Date.UTC(2026, 10, 21, 10, 11, 12));
    const manifest = await backup(database, folder.at('backups'), {
      clock,
      random: () => 0,
      reason: 'nightly',
    });

    expect(manifest).toEqual({
      format: 1,
      id: '20261121-101112-0000',
      createdAt: '2026-11-21T10:11:12.000Z',
      reason: 'nightly',
      database: 'notes',
      bytes: statSync(folder.at('backups/20261121-101112-0000.db')).size,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      sqliteVersion: expect.stringMatching(/^3\./),
      userVersion: 7,
      migrations: ['0001'],
      rows: { 'no"te': 2, holdfast_migrations: 1, users: 0 },
      foreignKeyViolations: 0,
    });
    expect(readdirSync(folder.at('backups')).toSorted()).toEqual([
      `${manifest.id}.db`,
      `${manifest.id}.json`,
    ]);
    expect(await verify(folder.at('backups'), manifest.id, { driver })).toEqual({
      id: manifest.id,
      valid: true,
      problems: [],
      manifest,
    });
  });

  it('lets nobody else read folder and files', async () => {
    using folder = temporaryFolder();
    using database = filled(folder.at('a.db'));

    await backup(database, folder.at('backups'), { id: 'one' });

    const modes = ['backups', 'backups/one.db', 'backups/one.json'].map(
      (name) => statSync(folder.at(name)).mode & 0o777,
    );
    expect(modes).toEqual([0o700, 0o600, 0o600]);
  });

  it('keeps what was committed but is still in the write-ahead log', async () => {
    using folder = temporaryFolder();
    using database = filled(folder.at('a.db'));
    expect(database.statistics().walBytes).toBeGreaterThan(0);

    await backup(database, folder.at('backups'), { id: 'one' });

    // Bytes 18 and 19 of the header are 1 for a database that needs no log beside it.
    expect([...readFileSync(folder.at('backups/one.db')).subarray(18, 20)]).toEqual([1, 1]);
    using copy = openDatabase({ file: folder.at('backups/one.db'), driver });
    expect(copy.prepare('SELECT text FROM "no""te"').all()).toEqual([{ text: 'a' }, { text: 'b' }]);
  });

  it('backs up a database in memory, even an empty one', async () => {
    using folder = temporaryFolder();
    using database = openDatabase({ file: ':memory:', driver });

    await backup(database, folder.at('backups'), { id: 'empty' });
    database.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    const manifest = await backup(database, folder.at('backups'), { id: 'full' });

    expect(manifest.rows).toEqual({ t: 1 });
    expect((await verify(folder.at('backups'), 'empty', { driver })).problems).toEqual([]);
  });

  it('refuses an id that is taken, and leaves that backup alone', async () => {
    using folder = temporaryFolder();
    using database = filled(folder.at('a.db'));
    await backup(database, folder.at('backups'), { id: 'one' });
    const before = readFileSync(folder.at('backups/one.json'));

    const again = backup(database, folder.at('backups'), { id: 'one' });

    await expect(again).rejects.toMatchObject({ code: 'ERR_BACKUP_EXISTS', id: 'one' });
    expect(readFileSync(folder.at('backups/one.json'))).toEqual(before);
  });

  it('makes no backup of a damaged database and leaves no file behind', async () => {
    using folder = temporaryFolder();
    {
      using database = openDatabase({ file: folder.at('a.db'), driver });
      database.exec('CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (randomblob(3000)), (randomblob(3000))');
    }
    const bytes = readFileSync(folder.at('a.db'));
    writeFileSync(folder.at('a.db'), bytes.fill(0x5a, 4096 + 8, 4096 + 40));
    using damaged = openDatabase({ file: folder.at('a.db'), driver });

    await expect(backup(damaged, folder.at('backups'))).rejects.toThrow(/invalid|malformed/);

    expect(readdirSync(folder.at('backups'))).toEqual([]);
  });

  it('records foreign keys that lead nowhere, as the database has them', async () => {
    using folder = temporaryFolder();
    using database = openDatabase({ file: folder.at('a.db'), driver });
    database.exec(`PRAGMA foreign_keys = OFF; CREATE TABLE p (id INTEGER PRIMARY KEY);
      CREATE TABLE c (p REFERENCES p); INSERT INTO c VALUES (1), (2)`);

    const manifest = await backup(database, folder.at('backups'));

    expect(manifest.foreignKeyViolations).toBe(2);
    expect((await verify(folder.at('backups'), manifest.id, { driver })).valid).toBe(true);
  });
});

describe('backup', () => {
  const bad: [string, string, object, string][] = [
    ['a path for an id', 'backups', { id: '../a' }, 'id must be 1 to 64 of a-z, 0-9 and -'],
    ['an id with capitals', 'backups', { id: 'A' }, 'id must be'],
    ['an id that is too long', 'backups', { id: 'a'.repeat(65) }, 'id must be'],
    ['an empty reason', 'backups', { reason: '' }, 'reason must be'],
    ['no folder', '', {}, 'directory must be'],
    ['a clock without time', 'backups', { clock: {} }, 'clock must be'],
    ['a number for randomness', 'backups', { random: 1 }, 'random must be a function'],
  ];

  it.each(bad)('refuses %s', async (_, directory, options, message) => {
    using database = openDatabase({ file: ':memory:' });

    await expect(backup(database, directory, options)).rejects.toThrow(message);
  });
});

describe('listBackups', () => {
  it('shows intact backups, the newest first, and nothing partial or damaged', async () => {
    using folder = temporaryFolder();
    using database = openDatabase({ file: ':memory:' });
    const clock = new ManualClock();
    for (const id of ['first', 'second', 'damaged', 'cut', 'lost']) {
      await backup(database, folder.at('b'), { id, clock });
      await clock.advance(1_000);
    }
    writeFileSync(folder.at('b/damaged.json'), readFileSync(folder.at('b/first.json')));
    writeFileSync(folder.at('b/cut.db'), '');
    writeFileSync(folder.at('b/.third.abcd.partial'), 'half');
    writeFileSync(folder.at('b/orphan.db'), 'no manifest');
    writeFileSync(folder.at('b/notes.txt'), 'of the operator');
    mkdirSync(folder.at('b/sub.json'));

    const listed = await listBackups(folder.at('b'));

    expect(listed.map(({ id }) => id)).toEqual(['lost', 'second', 'first']);
  });

  it('is empty where there is no folder', async () => {
    using folder = temporaryFolder();

    expect(await listBackups(folder.at('none'))).toEqual([]);
  });
});
