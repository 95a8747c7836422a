import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '@holdfast/core/testing';
import { sqlite } from '@holdfast/tiered-cache/sqlite';
import { describe, expect, it } from 'vitest';

import { entryBytes } from '../../src/sqlite/entry-bytes.ts';
import { countRows, engines, openLikeTheTier, sizes, temporaryFile } from './engines.ts';

const bytes = (length: number): Uint8Array => Buffer.alloc(length, 97);
const numbered = (count: number, value: unknown = 1): [string, unknown][] =>
  Array.from({ length: count }, (_, index) => [`key ${index}`, value]);

for (const [engine, open] of engines) {
  describe(`what has expired, in sqlite on ${engine}`, () => {
    it('is removed in the background, though nobody writes', async () => {
      const clock = new ManualClock();
      const database = open(':memory:');
      const cache = sqlite(database, { clock });
      await cache.setMany(numbered(40), { ttlMs: 5_000 });
      await cache.set('stays', 1);
      await clock.advance(4_999);
      expect(countRows(database)).toBe(41);

      await clock.advance(1_001);

      expect(countRows(database)).toBe(1);
    });

    it('is removed in steps of at most 500 rows, and others run in between', async () => {
      const clock = new ManualClock();
      const database = open(':memory:');
      const cache = sqlite(database, { clock });
      await cache.setMany(numbered(1_200), { ttlMs: 1_000 });
      const left: number[] = [];
      await clock.advance(1_000);
      for (let turn = 0; turn < 4; turn += 1) {
        left.push(countRows(database));
        await clock.advance(5);
      }

      expect(left).toEqual([700, 200, 0, 0]);
    });

    it('leaves no timer behind: not before the first write, nor without anything that expires, nor after disposal', async () => {
      const clock = new ManualClock();
      const cache = sqlite(open(':memory:'), { clock });
      expect(clock.pending()).toBe(0);
      await cache.set('stays', 1);
      await clock.advance(5_000);
      expect(clock.pending()).toBe(0);

      await cache.set('short', 1, { ttlMs: 60_000 });
      expect([clock.pending('background'), clock.pending('foreground')]).toEqual([1, 0]);
      await clock.advance(62_000);
      expect(clock.pending()).toBe(0);

      await cache.set('short', 1, { ttlMs: 60_000 });
      await cache[Symbol.asyncDispose]();
      expect(clock.pending()).toBe(0);
    });

    it('does not disturb when its owner has closed the database', async () => {
      const clock = new ManualClock();
      const database = open(':memory:');
      await sqlite(database, { clock }).set('short', 1, { ttlMs: 1_000 });
      database.close();
      await clock.advance(60_000);

      expect(clock.pending()).toBe(0);
    });
  });

  it(`every statement that removes or reads finds its rows by an index, on ${engine}`, async () => {
    const database = open(':memory:');
    const plans: string[] = [];
    const watched = {
      exec: (sql: string) => database.exec(sql),
      prepare: (sql: string) => {
        if (/holdfast_cache"/.test(sql)) plans.push(planOf(database, sql));
        return database.prepare(sql);
      },
    };
    await sqlite(watched).set('key', 1);

    expect(plans).toHaveLength(8);
    for (const plan of plans) expect(plan).not.toMatch(/SCAN "?holdfast_cache"?(?! USING| VIRTUAL)/);
  });
}

/** Statements that walk a table in the order of its ids stop at their limit, so they count as a search. */
function planOf(
  database: DatabaseSync | { prepare(sql: string): { all(): unknown[] } },
  sql: string,
): string {
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql.replaceAll('?', '1')}`).all() as {
    readonly detail: string;
  }[];
  const limited = /ORDER BY id LIMIT/.test(sql);
  return rows.map(({ detail }) => (limited ? detail.replace(/^SCAN /, 'SEARCH ') : detail)).join('; ');
}

describe('the limits of sqlite', () => {
  it('hold no more than maxEntries, and what was written longest ago goes first', async () => {
    const cache = sqlite(new DatabaseSync(':memory:'), { maxEntries: 3 });
    for (const key of ['a', 'b', 'c']) await cache.set(key, key);
    await cache.set('a', 'again');
    await cache.get('b');
    await cache.set('d', 'd');

    expect(await cache.getMany(['a', 'b', 'c', 'd'])).toEqual(
      new Map([
        ['a', 'again'],
        ['c', 'c'],
        ['d', 'd'],
      ]),
    );
  });

  it('count all namespaces together', async () => {
    const cache = sqlite(new DatabaseSync(':memory:'), { maxEntries: 2 });
    await cache.bytes('one').set('key', bytes(1));
    await cache.bytes('two').set('key', bytes(1));
    await cache.bytes('two').set('other', bytes(1));

    expect(await cache.bytes('one').get('key')).toBeUndefined();
    expect(await cache.bytes('two').get('key')).toHaveLength(1);
  });

  it('remove what has expired before anything that has not', async () => {
    const clock = new ManualClock();
    const cache = sqlite(new DatabaseSync(':memory:'), { maxEntries: 3, clock });
    await cache.set('old', 1);
    await cache.set('short', 1, { ttlMs: 10 });
    await cache.set('young', 1);
    await clock.advance(10);
    await cache.set('new', 1);

    expect([...(await cache.getMany(['old', 'young', 'new'])).keys()]).toEqual(['old', 'young', 'new']);
  });

  it('hold no more than maxBytes in a file of about that size', async () => {
    const file = temporaryFile();
    const maxBytes = 4 * 2 ** 20;
    const cache = sqlite(file, { maxBytes });
    const part = cache.bytes('any');
    for (let index = 0; index < 6_000; index += 1)
      await part.set(`key ${index}`, bytes((index * 7_919) % 3_000), { ttlMs: 60_000 });
    await cache[Symbol.asyncDispose]();

    const database = await openLikeTheTier(file);
    const { bytes: counted } = database.prepare('SELECT bytes FROM holdfast_cache_size').get() as {
      bytes: number;
    };
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number };
    database.close();
    expect(counted).toBeLessThanOrEqual(maxBytes);
    expect(counted).toBeGreaterThan(maxBytes * 0.95);
    expect(pages * 4_096).toBeLessThan(maxBytes * 1.1);
  });

  it('push out no more than is needed', async () => {
    const cache = sqlite(new DatabaseSync(':memory:'), { maxBytes: 1_050_000 });
    const part = cache.bytes('any');
    const names = Array.from({ length: 11 }, (_, index) => `key ${index}`);
    for (const key of names) await part.set(key, bytes(100_000));

    expect([...(await part.getMany(names)).keys()]).toEqual(names.slice(1));
  });

  it('refuse an entry larger than all of them, and drop what it would replace', async () => {
    const cache = sqlite(new DatabaseSync(':memory:'), { maxBytes: 10_000 });
    const part = cache.bytes('any');
    await part.set('other', bytes(10));
    await part.set('key', bytes(10));
    await part.set('key', bytes(10_000));

    expect([...(await part.getMany(['key', 'other'])).keys()]).toEqual(['other']);
  });

  it('take further steps for the many that one large entry displaces', async () => {
    const clock = new ManualClock();
    const database = new DatabaseSync(':memory:');
    const cache = sqlite(database, { maxBytes: 2 ** 20, clock });
    const part = cache.bytes('any');
    await part.setMany(numbered(4_000).map(([key]) => [key, bytes(100)] as const));
    await part.set('large', bytes(900_000));
    expect(countRows(database)).toBeGreaterThan(3_000);

    await clock.advance(5_000);

    const largest = entryBytes('large', bytes(900_000));
    const smallest = entryBytes('key 3999', bytes(100));
    expect(countRows(database) - 1).toBeLessThanOrEqual((2 ** 20 - largest) / smallest);
    expect(await part.get('large')).toHaveLength(900_000);
    expect(clock.pending()).toBe(0);
  });

  it('apply to what a file holds already, and give the space back to the disk', async () => {
    const clock = new ManualClock();
    const file = temporaryFile();
    const large = sqlite(file);
    await large.bytes('any').setMany(numbered(8_000).map(([key]) => [key, bytes(2_000)] as const));
    await large[Symbol.asyncDispose]();

    const small = sqlite(file, { maxEntries: 100, clock });
    expect(await small.bytes('any').get('key 7999')).toHaveLength(2_000);
    await clock.advance(60_000);
    expect(clock.pending()).toBe(0);
    await small[Symbol.asyncDispose]();

    const database = await openLikeTheTier(file);
    expect(countRows(database)).toBeLessThanOrEqual(100);
    expect((database.prepare('PRAGMA page_count').get() as { page_count: number }).page_count).toBeLessThan(
      1_500,
    );
    database.close();
  });

  it('never fail a write, though what is over them cannot be removed', async () => {
    const database = new DatabaseSync(':memory:');
    const cache = sqlite(database, { maxEntries: 3 });
    await cache.set('first', 1);
    database.exec(
      "CREATE TRIGGER refuse BEFORE DELETE ON holdfast_cache BEGIN SELECT RAISE(ABORT, 'refused'); END",
    );
    await cache.setMany(numbered(5));
    expect(countRows(database)).toBe(6);

    database.exec('DROP TRIGGER refuse');
    await cache.set('last', 1);
    expect(countRows(database)).toBe(3);
  });

  it('count what others wrote, and what they removed by hand', async () => {
    const file = temporaryFile();
    const one = sqlite(file, { maxEntries: 10 });
    const other = sqlite(file, { maxEntries: 10 });
    for (let index = 0; index < 20; index += 1)
      await (index % 2 === 0 ? one : other).set(`key ${index}`, index);
    await Promise.all([one[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);

    const database = await openLikeTheTier(file);
    expect(sizes(database)).toEqual({ counted: { entries: 10 }, held: { entries: 10 } });
    database.exec("DELETE FROM holdfast_cache WHERE key = 'key 15'");
    expect(sizes(database)).toEqual({ counted: { entries: 9 }, held: { entries: 9 } });
    database.close();
  });
});

describe('a cleared namespace of sqlite', () => {
  it('is empty after one write, and its rows go in steps in the background', async () => {
    const clock = new ManualClock();
    const database = new DatabaseSync(':memory:');
    const cache = sqlite(database, { clock });
    await cache.setMany(numbered(1_200));
    await cache.bytes('other').set('key', bytes(1));
    await cache.clear();
    expect(await cache.get('key 7')).toBeUndefined();
    expect(countRows(database)).toBe(1_201);

    await clock.advance(5_000);

    expect(countRows(database)).toBe(1);
    expect(await cache.bytes('other').get('key')).toHaveLength(1);
    expect(clock.pending()).toBe(0);
  });

  it('loses all its rows, though nothing was left of it when it was cleared before', async () => {
    const clock = new ManualClock();
    const database = new DatabaseSync(':memory:');
    const cache = sqlite(database, { clock });
    await cache.set('key', 1);
    await cache.delete('key');
    await cache.clear();
    await cache.set('key', 2);
    await cache.clear();

    await clock.advance(5_000);

    expect(countRows(database)).toBe(0);
    expect(clock.pending()).toBe(0);
  });
});
