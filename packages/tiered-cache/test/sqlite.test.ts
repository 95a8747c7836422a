import { createRequire } from 'node:module';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { createCache } from '@holdfast/tiered-cache';
import { sqlite, type SqliteDatabase } from '@holdfast/tiered-cache/sqlite';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';

import { cacheContract, sharedCacheContract } from './contract/cache-contract.ts';

interface OpenDatabase extends SqliteDatabase {
  close(): unknown;
}
const Database = createRequire(import.meta.url)('better-sqlite3') as new (path: string) => OpenDatabase;

const engines: [string, (path: string) => OpenDatabase][] = [
  ['better-sqlite3', (path) => new Database(path)],
  ['node:sqlite', (path) => new DatabaseSync(path)],
];

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'cache.db');
}

for (const [engine, open] of engines) {
  const underTest = () => {
    const clock = new ManualClock();
    return { cache: sqlite(open(':memory:'), { clock }), pass: (ms: number) => clock.advance(ms) };
  };
  cacheContract(`sqlite on ${engine} as a cache`, underTest);
  sharedCacheContract(`sqlite on ${engine} as a shared cache`, underTest);

  describe(`sqlite on ${engine}`, () => {
    it('removes expired rows as it writes, a bounded number at a time', async () => {
      const clock = new ManualClock();
      const database = open(':memory:');
      const cache = sqlite(database, { clock });
      const rows = (): unknown => database.prepare('SELECT count(*) AS rows FROM holdfast_cache').get();
      await cache.setMany(
        Array.from({ length: 40 }, (_, index) => [`old ${index}`, 1] as const),
        { ttlMs: 10 },
      );
      await clock.advance(10);
      expect(rows()).toMatchObject({ rows: 40 });

      for (let write = 0; write < 50; write += 1) await cache.set('new', write);

      expect(rows()).toMatchObject({ rows: 1 });
    });

    it('finds expired rows by their index', () => {
      const database = open(':memory:');
      sqlite(database).bytes('any');
      void sqlite(database).get('key');
      const plan = database
        .prepare(
          'EXPLAIN QUERY PLAN SELECT rowid FROM holdfast_cache WHERE expires_at <= 5 ORDER BY expires_at',
        )
        .all();

      expect(JSON.stringify(plan)).toContain('holdfast_cache_expires_at');
    });

    it('clears more rows than one step removes, and lets others run in between', async () => {
      const database = open(':memory:');
      const cache = sqlite(database);
      await cache.setMany(Array.from({ length: 12_000 }, (_, index) => [`key ${index}`, index] as const));
      let turns = 0;
      const cancel = systemClock.schedule(() => (turns += 1), 0);
      await cache.clear();
      cancel();

      expect(turns).toBe(1);
      expect(database.prepare('SELECT count(*) AS rows FROM holdfast_cache').get()).toMatchObject({
        rows: 0,
      });
    });

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
  });
}

describe('sqlite', () => {
  it('keeps entries in a file across openings, in WAL mode', async () => {
    const file = temporaryFile();
    const first = sqlite(file);
    await first.set('key', { id: 1 }, { ttlMs: 60_000 });
    await first[Symbol.asyncDispose]();

    const second = sqlite(file);
    expect(await second.get('key')).toEqual({ id: 1 });
    await second[Symbol.asyncDispose]();
    await expect(second.get('key')).rejects.toMatchObject({ code: 'ERR_CACHE_DISPOSED' });

    const database = new Database(file);
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    database.close();
  });

  it('is shared by two openings of one file', async () => {
    const file = temporaryFile();
    const one = sqlite(file);
    const other = sqlite(file);
    await one.set('key', 1);

    expect(await other.get('key')).toBe(1);
    await Promise.all([one[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
  });

  it('tries to open the file again after it could not', async () => {
    const file = temporaryFile();
    const cache = sqlite(join(file, 'missing', 'cache.db'));

    await expect(cache.get('key')).rejects.toThrow(/directory does not exist|unable to open/);
    await expect(cache.get('key')).rejects.toThrow(/directory does not exist|unable to open/);
    await cache[Symbol.asyncDispose]();
  });

  it('keeps tables apart', async () => {
    const database = new Database(':memory:');
    const one = sqlite(database, { table: 'one' });
    const two = sqlite(database, { table: 'two-2' });
    await one.set('key', 1);

    expect(await two.get('key')).toBeUndefined();
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

describe('sqlite as a tier', () => {
  it('rejects nothing while another process writes, and takes part again afterwards', async () => {
    const file = temporaryFile();
    const cache = createCache({ namespace: 'shop', ttlMs: 60_000, l1: false, l3: sqlite(file) });
    await cache.set('key', 'old');
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');

    expect(await cache.set('key', 'new')).toEqual({ l3: 'queued' });
    expect(await cache.get('key', () => 'loaded')).toBe('loaded');
    other.exec('ROLLBACK');
    other.close();

    await expect.poll(() => cache.statistics().tiers.l3?.queued, { timeout: 5_000 }).toBe(0);
    expect(await cache.get('key')).toBeUndefined();
    await cache[Symbol.asyncDispose]();
  });

  it('rejects nothing on a file that is no database', async () => {
    const file = temporaryFile();
    writeFileSync(file, 'no database at all, but long enough to be looked at as if it were one '.repeat(100));
    const cache = createCache({ namespace: 'shop', ttlMs: 60_000, l3: sqlite(file) });

    expect(await cache.get('key', () => 'loaded')).toBe('loaded');
    expect(await cache.set('key', 1)).toEqual({ l1: 'applied', l3: 'queued' });
    await cache[Symbol.asyncDispose]();
  });

  it('survives a restart: the next process finds what the last one had, and no longer life than was left', async () => {
    const file = temporaryFile();
    const clock = new ManualClock();
    const open = () => createCache({ namespace: 'shop', ttlMs: 1_000, clock, l3: sqlite(file, { clock }) });
    const first = open();
    await first.get('key', () => ({ id: 1 }));
    await first[Symbol.asyncDispose]();
    await clock.advance(999);

    const second = open();
    expect(await second.get('key')).toEqual({ id: 1 });
    await clock.advance(1);
    expect([await second.get('key'), second.peek('key')]).toEqual([undefined, undefined]);
    await second[Symbol.asyncDispose]();
  });
});
