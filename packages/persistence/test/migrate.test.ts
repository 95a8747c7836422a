import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { type Database, migrate, type Migration, openDatabase, rollback } from '@holdfast/persistence';
import { engines, temporaryFolder } from './engines.ts';

const users: Migration = {
  id: '0001-users',
  up: 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE INDEX users_name ON users (name)',
  down: 'DROP TABLE users',
};
const items: Migration = {
  id: '0002-items',
  up: 'CREATE TABLE items (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users)',
  down: 'DROP TABLE items',
};

const tables = (database: Database): unknown[] =>
  database
    .prepare<{ name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
    .all()
    .map(({ name }) => name);

describe.each(engines)('migrate on $name', (driver) => {
  const opened = (): Database => openDatabase({ file: ':memory:', driver });

  it('applies the list in order, then nothing, then what was added', async () => {
    using database = opened();

    expect(await migrate(database, [users])).toEqual({ migrations: ['0001-users'], current: '0001-users' });
    expect(await migrate(database, [users])).toEqual({ migrations: [], current: '0001-users' });
    expect(await migrate(database, [users, items])).toEqual({
      migrations: ['0002-items'],
      current: '0002-items',
    });

    expect(tables(database)).toEqual(['holdfast_migrations', 'items', 'users']);
  });

  it('leaves a database alone that has nothing to get', async () => {
    using database = opened();

    expect(await migrate(database, [])).toEqual({ migrations: [], current: undefined });

    expect(tables(database)).toEqual([]);
  });

  it('runs functions, with the time of the clock in the ledger', async () => {
    using database = opened();
    const fill: Migration = {
      id: '0002-fill',
      up: (on) => void on.prepare('INSERT INTO users (name) VALUES (?)').run('Ada'),
    };

    await migrate(database, [users, fill], { clock: new ManualClock(5_000) });

    expect(database.prepare('SELECT name FROM users').all()).toEqual([{ name: 'Ada' }]);
    expect(database.prepare('SELECT applied_at FROM holdfast_migrations').all()).toEqual([
      { applied_at: 5_000 },
      { applied_at: 5_000 },
    ]);
  });

  it('rolls a failing migration back as a whole and keeps those before it', async () => {
    using database = opened();
    const broken: Migration = {
      id: '0002-broken',
      up: 'CREATE TABLE half (a); INSERT INTO nowhere VALUES (1)',
    };

    const attempt = migrate(database, [users, broken]);

    await expect(attempt).rejects.toMatchObject({
      code: 'ERR_MIGRATION_FAILED',
      migration: '0002-broken',
      direction: 'up',
      cause: expect.any(Error),
    });
    expect(tables(database)).toEqual(['holdfast_migrations', 'users']);
    expect((await migrate(database, [users])).current).toBe('0001-users');
  });

  it.each([
    ['returns a promise', async () => {}],
    ['returns a promise that rejects', () => Promise.reject(new Error('late'))],
    ['ends the transaction', (on: Database) => on.exec('COMMIT')],
  ])('fails a function that %s', async (_, up) => {
    using database = opened();

    const attempt = migrate(database, [{ id: '0001', up }]);

    await expect(attempt).rejects.toMatchObject({ code: 'ERR_MIGRATION_FAILED' });
    await expect(attempt).rejects.toThrow(/transaction|synchronous/);
  });

  it('refuses a migration that commits inside itself, and does not count it as applied', async () => {
    using database = opened();
    const split = { id: '0001-split', up: 'CREATE TABLE a (x); COMMIT; BEGIN; CREATE TABLE b (x)' };

    await expect(migrate(database, [split])).rejects.toMatchObject({
      code: 'ERR_MIGRATION_FAILED',
      message: expect.stringContaining('the migration ended the transaction that it ran in') as string,
    });

    expect(database.inTransaction).toBe(false);
    expect(tables(database)).not.toContain('b');
  });

  it('refuses a migration that was changed after it had been applied', async () => {
    using database = opened();
    await migrate(database, [users]);

    const attempt = migrate(database, [{ ...users, up: `${String(users.up)} ` }, items]);

    await expect(attempt).rejects.toMatchObject({
      code: 'ERR_MIGRATION_DRIFT',
      migration: '0001-users',
      reason: 'changed',
    });
    expect(tables(database)).not.toContain('items');
  });

  it('does not take other line ends, a new down or the text of a function for a change', async () => {
    using database = opened();
    await migrate(database, [
      { id: '1', up: 'CREATE TABLE a (x);\nCREATE TABLE b (x)' },
      { id: '2', up: () => {} },
    ]);

    const again = migrate(database, [
      { id: '1', up: 'CREATE TABLE a (x);\r\nCREATE TABLE b (x)', down: 'DROP TABLE b' },
      { id: '2', up: () => void 'another text' },
    ]);

    expect(await again).toEqual({ migrations: [], current: '2' });
    const revised = migrate(database, [
      { id: '1', up: 'CREATE TABLE a (x);\nCREATE TABLE b (x)' },
      { id: '2', up: () => {}, revision: 'b' },
    ]);
    await expect(revised).rejects.toMatchObject({ reason: 'changed', migration: '2' });
  });

  it('refuses a list that has another migration in the place of an applied one', async () => {
    using database = opened();
    await migrate(database, [users]);

    const attempt = migrate(database, [items, users]);

    await expect(attempt).rejects.toMatchObject({ code: 'ERR_MIGRATION_DRIFT', reason: 'order' });
  });

  it('refuses a database that is newer than the list', async () => {
    using database = opened();
    await migrate(database, [users, items]);

    await expect(migrate(database, [users])).rejects.toMatchObject({
      code: 'ERR_DATABASE_NEWER',
      migrations: ['0002-items'],
    });
    await expect(rollback(database, [users], { to: undefined })).rejects.toMatchObject({
      code: 'ERR_DATABASE_NEWER',
    });
  });

  it('refuses a migration that leaves foreign keys leading nowhere', async () => {
    using database = opened();
    const orphan: Migration = {
      id: '0003-orphan',
      up: 'INSERT INTO items VALUES (1, 99)',
      foreignKeys: 'off',
    };

    await expect(migrate(database, [users, items, orphan])).rejects.toThrow(
      /foreign keys are violated in items/,
    );

    expect(database.prepare('SELECT * FROM items').all()).toEqual([]);
    expect(() => database.exec('INSERT INTO items VALUES (1, 99)')).toThrow(/FOREIGN KEY/);
  });

  it('rebuilds a table that others refer to, with foreign keys off for that migration', async () => {
    using database = opened();
    await migrate(database, [users, items]);
    database.exec(`INSERT INTO users VALUES (1, 'Ada'); INSERT INTO items VALUES (7, 1)`);
    const rebuild: Migration = {
      id: '0003-rebuild',
      foreignKeys: 'off',
      up: `CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
           INSERT INTO new_users SELECT * FROM users; DROP TABLE users; ALTER TABLE new_users RENAME TO users`,
    };

    await migrate(database, [users, items, rebuild]);

    expect(database.prepare('SELECT * FROM items').all()).toEqual([{ id: 7, user_id: 1 }]);
    expect(() => database.exec('DELETE FROM users')).toThrow(/FOREIGN KEY/);
  });

  it('waits for the lock of another connection, and says so when that takes too long', async () => {
    using folder = temporaryFolder();
    using holder = openDatabase({ file: folder.at('a.db'), driver, busyTimeoutMs: 0 });
    using database = openDatabase({ file: folder.at('a.db'), driver, busyTimeoutMs: 0 });
    const clock = new ManualClock();
    holder.exec('BEGIN IMMEDIATE');

    const late = migrate(database, [users], { clock, maxWaitMs: 500 }).catch((error: unknown) => error);
    await clock.advance(500);
    expect(await late).toMatchObject({ code: 'ERR_DATABASE_BUSY', file: folder.at('a.db') });
    const inTime = migrate(database, [users], { clock, maxWaitMs: 500 });
    await clock.advance(300);
    holder.exec('COMMIT');
    await clock.advance(200);

    expect((await inTime).migrations).toEqual(['0001-users']);
  });

  it('rolls back to a migration, the newest first, and up again', async () => {
    using database = opened();
    await migrate(database, [users, items]);

    expect(await rollback(database, [users, items], { to: '0001-users' })).toEqual({
      migrations: ['0002-items'],
      current: '0001-users',
    });
    expect(tables(database)).toEqual(['holdfast_migrations', 'users']);
    await migrate(database, [users, items]);
    expect(await rollback(database, [users, items], { to: undefined })).toEqual({
      migrations: ['0002-items', '0001-users'],
      current: undefined,
    });
    expect(tables(database)).toEqual(['holdfast_migrations']);
  });

  it('rolls nothing back when one down is missing', async () => {
    using database = opened();
    const { down: _, ...oneWay } = users;
    await migrate(database, [oneWay, items]);

    await expect(rollback(database, [oneWay, items], { to: undefined })).rejects.toMatchObject({
      code: 'ERR_MIGRATION_IRREVERSIBLE',
      migrations: ['0001-users'],
    });

    expect(tables(database)).toContain('items');
  });
});

describe('migrate', () => {
  const bad: [string, unknown, object, string][] = [
    ['an id twice', [users, users], {}, 'migrations[1].id must be unique'],
    ['no list', null, {}, 'migrations must be a list, got null'],
    ['what is no migration', [users, undefined], {}, 'migrations[1] must be an object, got undefined'],
    ['an empty id', [{ id: '', up: '' }], {}, 'migrations[0].id must be a string'],
    ['a missing up', [{ id: '1' }], {}, 'migrations[0].up must be SQL or a function'],
    [
      'a down of another kind',
      [{ id: '1', up: '', down: 1 }],
      {},
      'migrations[0].down must be SQL or a function',
    ],
    [
      'a switch of another kind',
      [{ id: '1', up: '', foreignKeys: false }],
      {},
      'migrations[0].foreignKeys must be',
    ],
    ['a negative wait', [users], { maxWaitMs: -1 }, 'maxWaitMs must be'],
    ['a clock that stands still', [users], { clock: {} }, 'clock must be'],
    ['a number for randomness', [users], { random: 0.5 }, 'random must be a function'],
  ];

  it.each(bad)('refuses %s', async (_, migrations, options, message) => {
    using database = openDatabase({ file: ':memory:' });

    await expect(migrate(database, migrations as Migration[], options)).rejects.toThrow(message);
  });

  it('refuses to roll back to a migration that is not in the list', async () => {
    using database = openDatabase({ file: ':memory:' });

    await expect(rollback(database, [users], { to: 'elsewhere' })).rejects.toThrow(
      'to must be the id of one',
    );
  });
});
