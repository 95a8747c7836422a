import { ManualClock } from '@holdfast/core/testing';
import { describeWithPostgres } from '@holdfast/test-support';
import { postgres, type PostgresOptions, type PostgresPool } from '@holdfast/tiered-cache/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';

import { type CacheUnderTest, cacheContract, sharedCacheContract } from '../contract/cache-contract.ts';
import { countRows, expireAll, first, newTable, openPool, pass, scattering, wrongClock } from './rig.ts';

const numbered = (count: number): [string, number][] =>
  Array.from({ length: count }, (_, index) => [`key ${index}`, index]);

describeWithPostgres('postgres on a server', (server) => {
  let pool: pg.Pool;
  beforeAll(() => {
    pool = openPool(server.url);
  });
  afterAll(() => pool.end());

  const underTest = (poolOrUrl: PostgresPool | string, options: PostgresOptions = {}): CacheUnderTest => ({
    cache: postgres(poolOrUrl, { table: newTable(), ...options }),
    pass,
  });

  cacheContract('postgres at a URL', () => underTest(server.url));
  cacheContract('postgres on a pool', () => underTest(pool));
  cacheContract('postgres with prepared statements, on a machine with a wrong clock', () =>
    underTest(pool, { preparedStatements: true, clock: wrongClock }),
  );
  sharedCacheContract('postgres, shared', () => underTest(pool));

  describe('the table of postgres', () => {
    it.each([
      [false, 'u'],
      [true, 'p'],
    ])('is logged: %j', async (logged, persistence) => {
      const table = newTable();
      await postgres(pool, { table, logged }).set('key', 1);

      const kinds = await pool.query(
        'SELECT relpersistence AS kind FROM pg_class WHERE oid = ANY ($1::regclass[])',
        [[table, `${table}_parts`]],
      );
      expect(kinds.rows).toEqual([{ kind: persistence }, { kind: persistence }]);
    });

    it('is made once by many who need it at the same time', async () => {
      const table = newTable();
      const caches = Array.from({ length: 8 }, () => postgres<number>(server.url, { table }));
      await Promise.all(caches.map((cache, index) => cache.set(`key ${index}`, index)));

      const [cache] = caches;
      expect(await cache?.getMany(numbered(8).map(([key]) => key))).toEqual(new Map(numbered(8)));
      await Promise.all(caches.map((each) => each[Symbol.asyncDispose]()));
    });

    it('lies in the schema that is named, if there is one', async () => {
      const schema = newTable();
      await expect(postgres(pool, { table: `${schema}.cache` }).set('key', 1)).rejects.toThrow(
        'does not exist',
      );
      await pool.query(`CREATE SCHEMA ${schema}`);
      const cache = postgres(pool, { table: `${schema}.cache` });
      await cache.set('key', 1);

      expect(await cache.get('key')).toBe(1);
      expect(await countRows(pool, `${schema}.cache`)).toBe(1);
    });

    it('is made again when somebody has dropped it, and knows nothing of what was there', async () => {
      const table = newTable();
      for (const preparedStatements of [false, true]) {
        const cache = postgres(pool, { table, preparedStatements });
        await cache.set('key', 1);
        await pool.query(`DROP TABLE ${table}`);
        expect(await cache.get('key')).toBeUndefined();

        await cache.set('key', 2);
        await pool.query(`DROP TABLE ${table}_parts`);
        expect(await cache.get('key')).toBeUndefined();
        await cache.set('other', 3);
        expect(await cache.getMany(['key', 'other'])).toEqual(new Map([['other', 3]]));
      }
    });

    it("leaves somebody else's table of that name alone", async () => {
      const table = newTable();
      await pool.query(`CREATE TABLE ${table} (id int); INSERT INTO ${table} VALUES (7)`);
      const cache = postgres(pool, { table });

      await expect(cache.set('key', 1)).rejects.toThrow(/column "\w+" .*does not exist/);
      await expect(cache.get('key')).rejects.toThrow(/column "\w+" .*does not exist/);
      expect((await pool.query(`SELECT * FROM ${table}`)).rows).toEqual([{ id: 7 }]);
    });
  });

  describe('postgres', () => {
    it('keeps entries across openings', async () => {
      const table = newTable();
      const one = postgres(server.url, { table });
      await one.set('key', { id: 1 }, { ttlMs: 60_000 });
      await one[Symbol.asyncDispose]();
      await expect(one.get('key')).rejects.toMatchObject({ code: 'ERR_CACHE_DISPOSED' });

      const other = postgres(server.url, { table });
      expect(await other.get('key')).toEqual({ id: 1 });
      await other[Symbol.asyncDispose]();
    });

    it('takes keys and values of a mebibyte', async () => {
      const cache = postgres(pool, { table: newTable() });
      const key = 'k'.repeat(2 ** 20);
      const value = 'v'.repeat(2 ** 20);
      await cache.set(key, value);
      await cache.setMany([
        [`${key}2`, value],
        ['small', 1],
      ]);

      expect(await cache.get(key)).toBe(value);
      expect((await cache.getMany([`${key}2`, key, 'small'])).size).toBe(3);
      expect(await cache.delete(key)).toBe(true);
    });

    it('writes and reads more entries at once than one statement takes', async () => {
      const cache = postgres(pool, { table: newTable() });
      const entries = numbered(2_500);
      await cache.setMany(entries);

      expect(await cache.getMany(entries.map(([key]) => key))).toEqual(new Map(entries));
      expect(await cache.deleteMany(entries.map(([key]) => key))).toBe(2_500);
    });

    it('keeps the last of several values of one key in a batch', async () => {
      const cache = postgres(pool, { table: newTable() });
      await cache.setMany([
        ['key', 1],
        ['other', 2],
        ['key', 3],
      ]);

      expect(await cache.get('key')).toBe(3);
    });

    it('joins concurrent reads into one statement', async () => {
      let statements = 0;
      const counting: PostgresPool = {
        query: (text, values) => {
          statements += 1;
          return pool.query(text, values);
        },
        on: () => undefined,
        off: () => undefined,
      };
      const cache = postgres(counting, { table: newTable() });
      await cache.setMany(numbered(50));
      statements = 0;

      const values = await Promise.all(numbered(50).map(([key]) => cache.get(key)));
      expect(values).toEqual(numbered(50).map(([, value]) => value));
      expect(statements).toBe(1);
    });

    it('needs no session: each statement may run on another connection', async () => {
      const pools = Array.from({ length: 3 }, () => openPool(server.url, { max: 1 }));
      const cache = postgres(scattering(pools), { table: newTable(), maxEntries: 10 });
      await cache.setMany(numbered(20), { ttlMs: 60_000 });
      for (const [key, value] of numbered(20)) await cache.set(key, value);
      await cache.delete('key 19');
      expect(await cache.get('key 18')).toBe(18);
      await cache.clear();
      expect(await cache.get('key 18')).toBeUndefined();

      for (const each of pools) {
        const kept = 'SELECT count(*)::int AS count FROM pg_prepared_statements';
        expect(await first(each, kept)).toEqual({ count: 0 });
        expect(
          await first(each, "SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory'"),
        ).toEqual({
          count: 0,
        });
        await each.end();
      }
    });

    it('keeps statements prepared if asked to', async () => {
      const single = openPool(server.url, { max: 1 });
      const cache = postgres(single, { table: newTable(), preparedStatements: true });
      await cache.set('key', 1);
      await cache.get('key');
      await cache.set('key', 2);

      const prepared = await single.query(
        "SELECT name FROM pg_prepared_statements WHERE name LIKE 'holdfast_%'",
      );
      expect(prepared.rows.length).toBeGreaterThanOrEqual(2);
      expect(await cache.get('key')).toBe(2);
      await single.end();
    });

    it('works on a single client', async () => {
      const client = new pg.Client({ connectionString: server.url });
      await client.connect();
      const cache = postgres(client, { table: newTable() });
      await Promise.all([cache.set('a', 1), cache.set('b', 2), cache.set('a', 3)]);

      expect(await cache.getMany(['a', 'b'])).toEqual(
        new Map([
          ['a', 3],
          ['b', 2],
        ]),
      );
      await client.end();
    });

    it('never waits in a circle, however many write and delete the same keys', async () => {
      const table = newTable();
      const caches = Array.from({ length: 4 }, () => postgres<number>(server.url, { table }));
      const keys = numbered(40);
      const turned = keys.toReversed();
      const rejections: unknown[] = [];
      const write = (index: number): Promise<unknown> => {
        const cache = caches[index] as (typeof caches)[number];
        if (index === 3) return cache.deleteMany(turned.map(([key]) => key));
        return cache.setMany(index === 1 ? turned : keys, { ttlMs: 60_000 });
      };
      for (let round = 0; round < 25; round += 1)
        await Promise.all([0, 1, 2, 3].map((index) => write(index).catch((error) => rejections.push(error))));

      expect(rejections).toEqual([]);
      await Promise.all(caches.map((each) => each[Symbol.asyncDispose]()));
    });

    it('puts one listener on a pool, however many share it, and takes it off', async () => {
      const shared = new pg.Pool({ connectionString: server.url });
      const caches = Array.from({ length: 50 }, () => postgres(shared, { table: newTable() }));
      expect(shared.listenerCount('error')).toBe(1);

      await Promise.all(caches.map((cache) => cache[Symbol.asyncDispose]()));

      expect(shared.listenerCount('error')).toBe(0);
      await shared.end();
    });

    it('leaves a pool that was handed in open', async () => {
      await postgres(pool, { table: newTable() })[Symbol.asyncDispose]();

      expect(await first(pool, 'SELECT 1 AS one')).toEqual({ one: 1 });
    });
  });

  describe('the housekeeping of postgres', () => {
    it('removes what has expired, though nobody writes, and rests when nothing expires any more', async () => {
      const table = newTable();
      const clock = new ManualClock();
      const cache = postgres(pool, { table, clock });
      expect(clock.pending()).toBe(0);
      await cache.setMany(numbered(2_100), { ttlMs: 60_000 });
      await cache.set('stays', 1);
      await expireAll(pool, table);
      await clock.advance(10_000);

      await expect
        .poll(async () => {
          await clock.advance(100);
          return [await countRows(pool, table), clock.pending()];
        })
        .toEqual([1, 0]);
      expect(await cache.get('stays')).toBe(1);
    });

    it('comes again when the next entry expires', async () => {
      const table = newTable();
      const clock = new ManualClock();
      const cache = postgres(pool, { table, clock });
      await cache.set('key', 1, { ttlMs: 3_600_000 });
      await clock.advance(10_000);
      await expect.poll(() => clock.pending('background')).toBe(1);
      await expireAll(pool, table);
      await clock.advance(3_500_000);
      expect(await countRows(pool, table)).toBe(1);

      await clock.advance(200_000);
      await expect.poll(() => countRows(pool, table)).toBe(0);
      await cache[Symbol.asyncDispose]();
      expect(clock.pending()).toBe(0);
    });

    it('passes over rows that somebody holds, and does not wait for them', async () => {
      const table = newTable();
      const clocks = [new ManualClock(), new ManualClock()];
      const caches = clocks.map((clock) => postgres(server.url, { table, clock }));
      for (const cache of caches) await cache.setMany(numbered(600), { ttlMs: 60_000 });
      await expireAll(pool, table);
      const holder = await pool.connect();
      await holder.query('BEGIN');
      await holder.query(`SELECT FROM ${table} WHERE key = 'key 7'::bytea FOR UPDATE`);

      await Promise.all(clocks.map((clock) => clock.advance(10_000)));
      await expect.poll(() => countRows(pool, table)).toBe(1);
      await holder.query('ROLLBACK');
      holder.release();
      await Promise.all(caches.map((each) => each[Symbol.asyncDispose]()));
    });

    it('removes what was cleared in steps, though it is gone at once', async () => {
      const table = newTable();
      const clock = new ManualClock();
      const cache = postgres(pool, { table, clock });
      await cache.setMany(numbered(2_500));
      await cache.bytes('other').set('key', Buffer.from('1'));
      await cache.clear();
      expect(await cache.getMany(['key 1', 'key 2'])).toEqual(new Map());
      await cache.set('new', 1);
      expect(await countRows(pool, table)).toBe(2_502);
      await clock.advance(10_000);

      await expect
        .poll(async () => {
          await clock.advance(100);
          return [await countRows(pool, table), await countRows(pool, `${table}_parts`)];
        })
        .toEqual([2, 2]);
      expect(await cache.get('new')).toBe(1);
      expect(await cache.bytes('other').get('key')).toBeDefined();
    });
  });

  describe('the limits of postgres', () => {
    it('hold no more than maxEntries, and what was written longest ago goes first', async () => {
      const table = newTable();
      const cache = postgres(pool, { table, maxEntries: 3 });
      for (const key of ['a', 'b', 'c']) await cache.set(key, key);
      await cache.set('a', 'again');
      await cache.set('d', 'd');

      expect(await cache.getMany(['a', 'b', 'c', 'd'])).toEqual(
        new Map([
          ['a', 'again'],
          ['c', 'c'],
          ['d', 'd'],
        ]),
      );
    });

    it('apply to what an earlier process has left', async () => {
      const table = newTable();
      await postgres(pool, { table }).setMany(numbered(3_000));
      const clock = new ManualClock();
      const cache = postgres<number | string>(pool, { table, maxEntries: 100, clock });
      await cache.set('new', 'new');
      await expect
        .poll(async () => {
          await clock.advance(1_100);
          return countRows(pool, table);
        })
        .toBeLessThanOrEqual(100);

      expect(await countRows(pool, table)).toBeGreaterThanOrEqual(93);
      // The entries of one batch were written in the order of their keys.
      expect([...(await cache.getMany(['new', 'key 999', 'key 0'])).keys()].toSorted()).toEqual([
        'key 999',
        'new',
      ]);
    });

    it.each<[string, PostgresOptions]>([
      ['entries', { maxEntries: 100 }],
      ['bytes', { maxBytes: 30_000 }],
    ])('take further steps for a batch that is far over them, in %s', async (_unit, limits) => {
      const table = newTable();
      const clock = new ManualClock();
      const cache = postgres(pool, { table, clock, ...limits });
      await cache.set('first', 1);
      await cache.setMany(numbered(5_000));
      expect(await countRows(pool, table)).toBeGreaterThan(3_000);

      await expect
        .poll(async () => {
          await clock.advance(1_100);
          return countRows(pool, table);
        })
        .toBeLessThanOrEqual(180);
      expect(await countRows(pool, table)).toBeGreaterThan(90);
    });

    it('are left to another process that is at it', async () => {
      const table = newTable();
      const cache = postgres(pool, { table, maxBytes: 30_000 });
      await cache.set('first', 1);
      const other = await pool.connect();
      await other.query('BEGIN');
      await other.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `holdfast trim "${table}"`,
      ]);
      await cache.setMany(numbered(500));
      expect(await countRows(pool, table)).toBe(501);

      await other.query('COMMIT');
      other.release();
      await cache.setMany(numbered(500));
      expect(await countRows(pool, table)).toBeLessThan(200);
      await cache[Symbol.asyncDispose]();
    });

    it('refuse an entry larger than all of them, and drop what it would replace', async () => {
      const cache = postgres(pool, { table: newTable(), maxBytes: 10_000 });
      await cache.setMany([
        ['key', 'small'],
        ['other', 'small'],
      ]);
      await cache.setMany([
        ['key', 'v'.repeat(10_000)],
        ['third', 'small'],
      ]);

      expect([...(await cache.getMany(['key', 'other', 'third'])).keys()]).toEqual(['other', 'third']);
    });

    it('hold about maxBytes while several processes write, and the newest of all', async () => {
      const table = newTable();
      const maxBytes = 4 * 2 ** 20;
      const caches = Array.from({ length: 3 }, () => postgres(server.url, { table, maxBytes }));
      for (let round = 0; round < 60; round += 1)
        await Promise.all(
          caches.map((cache, index) =>
            cache.bytes('any').setMany(
              Array.from({ length: 50 }, (_, each) => [`${round} ${index} ${each}`, Buffer.alloc(1_000)]),
              { ttlMs: 60_000 },
            ),
          ),
        );

      const sizeSql = `SELECT sum(octet_length(value) + 2 * octet_length(key) + 160)::float8 AS bytes FROM ${table}`;
      const { bytes } = await first<{ bytes: number }>(pool, sizeSql);
      expect(bytes).toBeLessThan(maxBytes * 1.15);
      expect(bytes).toBeGreaterThan(maxBytes * 0.8);
      expect(await caches[0]?.bytes('any').get('59 2 49')).toHaveLength(1_000);
      expect(await caches[0]?.bytes('any').get('0 0 0')).toBeUndefined();
      await Promise.all(caches.map((each) => each[Symbol.asyncDispose]()));
    });
  });

  it('fits pool and client of pg by type', () => {
    expectTypeOf<pg.Pool>().toExtend<PostgresPool>();
    expectTypeOf<pg.Client>().toExtend<PostgresPool>();
  });
});
