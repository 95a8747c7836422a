import { describe, expect, it } from 'vitest';

import { settle } from '@holdfast/core/testing';
import { openDatabase } from '@holdfast/persistence';
import { engines, temporaryFolder } from './engines.ts';

describe.each(engines)('Database on $name', (driver) => {
  const opened = (): ReturnType<typeof openDatabase> => {
    const database = openDatabase({ file: ':memory:', driver });
    database.exec('CREATE TABLE t (a)');
    return database;
  };

  it('binds by position and by name, and gives rows as they are asked for', () => {
    using database = opened();
    const insert = database.prepare('INSERT INTO t VALUES (?)');
    expect(insert.run('x')).toMatchObject({ changes: 1, lastInsertRowid: 1 });
    database.prepare('INSERT INTO t VALUES (:value)').run({ value: 2 });
    insert.run(new Uint8Array([7]));

    const select = database.prepare<{ a: unknown }>('SELECT a FROM t ORDER BY rowid');

    expect(select.get()).toEqual({ a: 'x' });
    expect(select.all().map(({ a }) => a)).toEqual(['x', 2, expect.any(Uint8Array)]);
    expect([...select.iterate()]).toHaveLength(3);
    expect(database.prepare('SELECT 1 WHERE 0').get()).toBeUndefined();
  });

  it('commits what a transaction did and returns its result', () => {
    using database = opened();

    const result = database.transaction(() => {
      expect(database.inTransaction).toBe(true);
      database.exec('INSERT INTO t VALUES (1)');
      return 'done';
    });

    expect(result).toBe('done');
    expect(database.inTransaction).toBe(false);
    expect(database.prepare('SELECT a FROM t').all()).toEqual([{ a: 1 }]);
    expect(database.statistics()).toMatchObject({ component: 'database', committed: 1, rolledBack: 0 });
  });

  it('rolls back all of a transaction that throws, and throws the same', () => {
    using database = opened();
    const failure = new Error('no');

    const attempt = (): void =>
      database.transaction(() => {
        database.exec('INSERT INTO t VALUES (1)');
        throw failure;
      });

    expect(attempt).toThrow(failure);
    expect(database.inTransaction).toBe(false);
    expect(database.prepare('SELECT a FROM t').all()).toEqual([]);
    expect(database.statistics()).toMatchObject({ committed: 0, rolledBack: 1 });
  });

  it('rolls back a transaction inside another alone', () => {
    using database = opened();

    database.transaction(() => {
      database.exec('INSERT INTO t VALUES (1)');
      expect(() =>
        database.transaction(() => {
          database.exec('INSERT INTO t VALUES (2)');
          throw new Error('inner');
        }),
      ).toThrow('inner');
      database.transaction(() => database.exec('INSERT INTO t VALUES (3)'));
    });

    expect(database.prepare('SELECT a FROM t').all()).toEqual([{ a: 1 }, { a: 3 }]);
    expect(database.statistics().committed).toBe(1);
  });

  it.each([
    ['resolves', () => Promise.resolve()],
    ['rejects', () => Promise.reject(new Error('late'))],
  ])('refuses a transaction that returns a promise which %s, and rolls it back', async (_, later) => {
    using database = opened();

    const attempt = (): unknown =>
      database.transaction(() => {
        database.exec('INSERT INTO t VALUES (1)');
        return later();
      });

    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_TRANSACTION' }));
    expect(database.prepare('SELECT a FROM t').all()).toEqual([]);
    await settle();
  });

  it('tells when a transaction was ended from inside', () => {
    using database = opened();

    expect(() => database.transaction(() => database.exec('COMMIT'))).toThrow(
      expect.objectContaining({ code: 'ERR_TRANSACTION' }),
    );
    expect(database.inTransaction).toBe(false);
  });

  it('survives a transaction that the engine rolled back by itself', () => {
    using database = opened();
    database.exec('CREATE TABLE u (a UNIQUE ON CONFLICT ROLLBACK); INSERT INTO u VALUES (1)');

    expect(() => database.transaction(() => database.exec('INSERT INTO u VALUES (1)'))).toThrow(/UNIQUE/);

    expect(database.transaction(() => 'usable')).toBe('usable');
  });

  it('takes the write lock when a transaction begins, and gives up waiting for it after busyTimeoutMs', () => {
    using folder = temporaryFolder();
    using one = openDatabase({ file: folder.at('a.db'), driver, busyTimeoutMs: 1 });
    using other = openDatabase({ file: folder.at('a.db'), driver, busyTimeoutMs: 1 });

    one.transaction(() => {
      expect(() => other.transaction(() => 'never')).toThrow(/locked/);
    });

    expect(other.statistics()).toMatchObject({ committed: 0, rolledBack: 0 });
    expect(other.transaction(() => 'free')).toBe('free');
  });

  it('copies what was there when it was asked, though others write before the copy is done', async () => {
    using folder = temporaryFolder();
    using database = openDatabase({ file: folder.at('a.db'), driver, durability: 'normal' });
    database.exec(`CREATE TABLE t (a, b);
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000) INSERT INTO t SELECT i, randomblob(3000) FROM n`);
    const insert = database.prepare('INSERT INTO t VALUES (0, randomblob(3000))');

    let copying = true;
    let writes = 0;
    const isCopying = (): boolean => copying;
    const copied = database.copyTo(folder.at('b.db')).finally(() => (copying = false));
    for (; isCopying(); writes += 1) {
      insert.run();
      await new Promise(setImmediate);
    }
    await copied;

    expect(writes).toBeGreaterThan(2);
    using copy = openDatabase({ file: folder.at('b.db'), driver });
    expect(copy.prepare('SELECT count(*) AS n, sum(a) AS s FROM t').get()).toEqual({
      n: 3_000,
      s: 4_501_500,
    });
  });

  it('copies what is committed and nothing else', async () => {
    using folder = temporaryFolder();
    using database = openDatabase({ file: folder.at('a.db'), driver });
    database.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1); BEGIN IMMEDIATE; INSERT INTO t VALUES (2)');

    await database.copyTo(folder.at('b.db'));

    using copy = openDatabase({ file: folder.at('b.db'), driver });
    expect(copy.prepare('SELECT a FROM t').all()).toEqual([{ a: 1 }]);
  });
});
