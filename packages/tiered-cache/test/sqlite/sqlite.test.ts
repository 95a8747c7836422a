import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '@holdfast/core/testing';
import { sqlite, type SqliteDatabase } from '@holdfast/tiered-cache/sqlite';
import { describe, expect, expectTypeOf, it } from 'vitest';

import { cacheContract, sharedCacheContract } from '../contract/cache-contract.ts';
import { BetterSqlite3, countRows, engines, openLikeTheTier, temporaryFile } from './engines.ts';

for (const [engine, open] of engines) {
  const underTest = () => {
    const clock = new ManualClock();
    return { cache: sqlite(open(':memory:'), { clock }), pass: (ms: number) => clock.advance(ms) };
  };
  cacheContract(`sqlite on ${engine} as a cache`, underTest);
  sharedCacheContract(`sqlite on ${engine} as a shared cache`, underTest);

  describe(`sqlite on ${engine}`, () => {
    it('takes a damaged or foreign row for a miss', async () => {
      const database = open(':memory:');
      const cache = sqlite(database);
      await cache.set('key', 1);
      database.exec("UPDATE holdfast_cache SET value = 'not json'");
      expect(await cache.get('key')).toBeUndefined();

      database.exec('UPDATE holdfast_cache SET value = 12.5');
      expect(await cache.get('key')).toBe(12.5);
      expect(cache.statistics()).toEqual({ component: 'json-cache', hits: 1, misses: 0, errors: 1 });
    });

    it('leaves a database that was handed in open', async () => {
      const database = open(':memory:');
      await sqlite(database)[Symbol.asyncDispose]();

      expect(database.prepare('SELECT 1 AS one').get()).toMatchObject({ one: 1 });
    });

    it("takes part in a transaction of the database's owner", async () => {
      const database = open(':memory:');
      const cache = sqlite(database);
      await cache.set('before', 1);
      database.exec('BEGIN');
      await cache.setMany([
        ['a', 1],
        ['b', 2],
      ]);
      expect(await cache.deleteMany(['before', 'a'])).toBe(2);
      database.exec('ROLLBACK');

      expect(await cache.getMany(['before', 'a', 'b'])).toEqual(new Map([['before', 1]]));
    });

    it('writes all entries of a batch or none', async () => {
      const database = open(':memory:');
      const cache = sqlite(database);
      await cache.set('a', 'old');
      database.exec(`CREATE TRIGGER refuse BEFORE INSERT ON holdfast_cache WHEN NEW.key = 'bad'
        BEGIN SELECT RAISE(ABORT, 'refused'); END`);
      const batch: [string, number][] = [
        ['a', 1],
        ['bad', 2],
        ['c', 3],
      ];

      await expect(cache.setMany(batch)).rejects.toThrow('refused');
      expect(await cache.getMany(['a', 'bad', 'c'])).toEqual(new Map([['a', 'old']]));
    });

    it('makes its table again when somebody has dropped it', async () => {
      const database = open(':memory:');
      const cache = sqlite(database);
      await cache.set('key', 1);
      database.exec('DROP TABLE holdfast_cache');

      expect(await cache.get('key')).toBeUndefined();
      database.exec(
        'DROP TABLE holdfast_cache; DROP TABLE holdfast_cache_size; DROP TABLE holdfast_cache_parts',
      );
      await cache.set('key', 2);
      expect(await cache.get('key')).toBe(2);
    });

    it('takes keys and values of a mebibyte', async () => {
      const cache = sqlite(open(':memory:'));
      const key = 'k'.repeat(2 ** 20);
      const value = 'v'.repeat(2 ** 20);
      await cache.set(key, value);
      await cache.set(`${key}2`, 2);

      expect(await cache.get(key)).toBe(value);
      expect(await cache.getMany([`${key}2`, key])).toEqual(
        new Map<string, unknown>([
          [`${key}2`, 2],
          [key, value],
        ]),
      );
    });
  });
}

describe('sqlite on a database with habits of its own', () => {
  it.each<[string, () => SqliteDatabase]>([
    ['rows as arrays', () => new DatabaseSync(':memory:', { returnArrays: true })],
    ['integers as BigInts', () => new DatabaseSync(':memory:', { readBigInts: true })],
    [
      'safe integers',
      () => {
        const database: SqliteDatabase & { defaultSafeIntegers?(): unknown } = new BetterSqlite3(':memory:');
        database.defaultSafeIntegers?.();
        return database;
      },
    ],
  ])('reads, deletes and cleans up all the same: %s', async (_habit, open) => {
    const clock = new ManualClock();
    const cache = sqlite(open(), { clock, maxEntries: 3 });
    await cache.setMany(Array.from({ length: 6 }, (_, index) => [`key ${index}`, index] as const));
    await cache.set('short', 1, { ttlMs: 100 });

    expect(await cache.get('key 5')).toBe(5);
    expect(await cache.get('key 0')).toBeUndefined();
    expect(await cache.delete('key 5')).toBe(true);
    await clock.advance(10_000);
    expect(clock.pending()).toBe(0);
  });
});

describe('sqlite', () => {
  const inFile = () => {
    const clock = new ManualClock();
    return { cache: sqlite(temporaryFile(), { clock }), pass: (ms: number) => clock.advance(ms) };
  };
  cacheContract('sqlite in a file', inFile);

  it('keeps entries in a file across openings, in WAL mode', async () => {
    const file = temporaryFile();
    const first = sqlite(file);
    await first.set('key', { id: 1 }, { ttlMs: 60_000 });
    await first[Symbol.asyncDispose]();
    expect(existsSync(`${file}-wal`)).toBe(false);

    const second = sqlite(file);
    expect(await second.get('key')).toEqual({ id: 1 });
    await second[Symbol.asyncDispose]();
    await expect(second.get('key')).rejects.toMatchObject({ code: 'ERR_CACHE_DISPOSED' });

    const database = await openLikeTheTier(file);
    expect(database.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
    database.close();
  });

  it('is shared by two openings of one file, and cleared for both at once', async () => {
    const file = temporaryFile();
    const one = sqlite(file);
    const other = sqlite(file);
    await one.set('key', 1);
    expect(await other.get('key')).toBe(1);

    await other.clear();

    expect(await one.get('key')).toBeUndefined();
    await one.set('key', 2);
    expect(await other.get('key')).toBe(2);
    await Promise.all([one[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
  });

  it('tries to open the file again after it could not', async () => {
    const file = temporaryFile();
    const cache = sqlite(`${file}.missing/cache.db`);

    await expect(cache.get('key')).rejects.toThrow(/directory does not exist|unable to open/);
    await expect(cache.get('key')).rejects.toThrow(/directory does not exist|unable to open/);
    await cache[Symbol.asyncDispose]();
  });

  it('keeps tables apart', async () => {
    const database = new DatabaseSync(':memory:');
    const one = sqlite(database, { table: 'one' });
    const two = sqlite(database, { table: 'two-2.x' });
    await one.set('key', 1);

    expect(await two.get('key')).toBeUndefined();
    await two.clear();
    expect(await one.get('key')).toBe(1);
  });

  it('keeps what was set while a clear was under way', async () => {
    const cache = sqlite(new DatabaseSync(':memory:'));
    await cache.setMany(Array.from({ length: 5_000 }, (_, index) => [`key ${index}`, 'old'] as const));

    await Promise.all([cache.clear(), cache.set('key 7', 'new'), cache.set('key 8', 'newer')]);

    expect(await cache.getMany(['key 6', 'key 7', 'key 8'])).toEqual(
      new Map([
        ['key 7', 'new'],
        ['key 8', 'newer'],
      ]),
    );
  });

  it('is disposed while it opens its file, and twice', async () => {
    const file = temporaryFile();
    const cache = sqlite(file);
    const reading = cache.get('key').catch((error: { code?: string }) => error.code);
    await Promise.all([cache[Symbol.asyncDispose](), cache[Symbol.asyncDispose]()]);

    expect(await reading).toBe('ERR_CACHE_DISPOSED');
    expect(existsSync(`${file}-wal`)).toBe(false);
  });

  it('leaves no rows behind in a namespace that was cleared again and again', async () => {
    const clock = new ManualClock();
    const database = new DatabaseSync(':memory:');
    const cache = sqlite(database, { clock });
    for (let turn = 0; turn < 5; turn += 1) {
      await cache.set('key', turn);
      await cache.clear();
    }
    await clock.advance(10_000);

    expect(countRows(database)).toBe(0);
    expect(countRows(database, 'holdfast_cache_parts')).toBe(0);
    expect(clock.pending()).toBe(0);
  });

  it('fits the database of node:sqlite by type', () => {
    expectTypeOf<DatabaseSync>().toExtend<SqliteDatabase>();
  });

  it.each([
    [() => sqlite(''), "databaseOrFile must be a string that is not empty, got ''"],
    [() => sqlite({} as never), 'databaseOrFile must be an object with exec(), prepare(), got an object'],
    [
      () => sqlite(':memory:', { table: 'a"b' }),
      "table must be made of letters, digits, '.', '_' and '-', got 'a\"b'",
    ],
    [() => sqlite(':memory:', { name: '' }), "name must be a string that is not empty, got ''"],
    [() => sqlite(':memory:', { maxEntries: 0 }), 'maxEntries must be a whole number of at least 1, got 0'],
    [() => sqlite(':memory:', { maxBytes: 1.5 }), 'maxBytes must be a whole number of at least 1, got 1.5'],
    [
      () => sqlite(':memory:', { clock: 1 as never }),
      'clock must be an object with now(), epoch(), schedule(), got 1',
    ],
    [
      () => sqlite(':memory:').bytes('a/b'),
      "namespace must be made of letters, digits, '.', '_' and '-', got 'a/b'",
    ],
  ])('refuses bad input %#', (make, message) => {
    expect(make).toThrow(message);
  });
});
