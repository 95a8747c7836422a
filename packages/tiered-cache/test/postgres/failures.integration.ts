import { systemClock } from '@holdfast/core';
import { describeWithPostgres, type Proxy, startProxy } from '@holdfast/test-support';
import { postgres } from '@holdfast/tiered-cache/postgres';
import pg from 'pg';
import { afterEach, expect, it } from 'vitest';

import { countRows, first, newTable, openPool, pass } from './rig.ts';

type Cache = ReturnType<typeof postgres<unknown>>;

describeWithPostgres(
  'postgres on a server that fails',
  (server) => {
    const opened: AsyncDisposable[] = [];
    afterEach(async () => {
      await server.resume();
      await server.start();
      for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
    });

    const open = (url = server.url, table = newTable()): Cache => {
      const cache = postgres(url, { table });
      opened.push(cache);
      return cache;
    };
    const withProxy = async (): Promise<Proxy> => {
      const proxy = await startProxy(server);
      opened.push(proxy);
      return proxy;
    };
    const admin = async (text: string): Promise<void> => {
      const pool = openPool(server.url);
      await pool.query(text);
      await pool.end();
    };
    /** How an operation ends, and that it does not take for ever. */
    const outcome = async (work: Promise<unknown>): Promise<unknown> => {
      const startedAt = systemClock.now();
      const result = await work.then(
        (value) => ({ value }),
        () => 'rejected',
      );
      return systemClock.now() - startedAt < 6_000 ? result : 'took too long';
    };
    const recovers = async (cache: Cache): Promise<void> => {
      await expect
        .poll(() => cache.set('key', 'new').then(() => cache.get('key')), { timeout: 20_000, interval: 100 })
        .toBe('new');
    };

    const outages: [string, () => Promise<void>, () => Promise<void>][] = [
      ['stopped and started again', () => server.stop(), () => server.start()],
      ['killed and started again', () => server.kill(), () => server.start()],
      ['paused', () => server.pause(), () => server.resume()],
    ];
    it.each(outages)('rejects while it is %s, and works again afterwards', async (_what, fail, recover) => {
      const cache = open();
      await cache.set('key', 'old');
      await fail();

      const outcomes = await Promise.all([
        outcome(cache.get('key')),
        outcome(cache.getMany(['key', 'other'])),
        outcome(cache.set('key', 1)),
        outcome(cache.setMany([['a', 1]])),
        outcome(cache.delete('key')),
        outcome(cache.clear()),
      ]);
      await recover();

      expect(outcomes).toEqual(Array.from({ length: 6 }, () => 'rejected'));
      await recovers(cache);
    });

    it('holds what it held after a restart, and nothing after a crash', async () => {
      const table = newTable();
      const cache = open(server.url, table);
      await cache.set('key', 'old');
      await server.stop();
      await server.start();
      await expect.poll(() => cache.get('key').catch(() => 'failed'), { timeout: 10_000 }).toBe('old');

      await server.kill();
      await server.start();
      await expect.poll(() => cache.get('key').catch(() => 'failed'), { timeout: 10_000 }).toBeUndefined();
      await cache.set('key', 'new');
      expect(await cache.get('key')).toBe('new');
    });

    it('starts without a server and uses it once it is there', async () => {
      await server.stop();
      const cache = open();
      await expect(cache.get('key')).rejects.toThrow('ECONNREFUSED');
      await server.start();

      await recovers(cache);
    });

    it('rejects while the network swallows everything, and works again when it heals', async () => {
      const proxy = await withProxy();
      const cache = open(proxy.url(server.url));
      await cache.set('key', 'old');
      proxy.blackhole();

      expect(await outcome(cache.get('key'))).toBe('rejected');
      expect(await outcome(cache.set('other', 1))).toBe('rejected');
      await proxy.heal();
      await recovers(cache);
    });

    it('lets no dead connection surface, idle or in use, of its own pool or of one handed in', async () => {
      const proxy = await withProxy();
      const pool = new pg.Pool({ connectionString: proxy.url(server.url) });
      const table = newTable();
      const caches = [postgres(pool, { table }), open(proxy.url(server.url), table)];
      for (const cache of caches) await cache.set('key', 'old');
      await proxy.cut();
      await pass(50);
      for (const cache of caches) expect(await outcome(cache.get('key'))).toBe('rejected');
      await proxy.heal();

      for (const cache of caches) await recovers(cache);
      const inUse = caches.map((cache) => cache.get('key').catch(() => 'failed'));
      await proxy.cut();
      await Promise.all(inUse);
      await proxy.heal();
      for (const cache of caches) await recovers(cache);
      await pool.end();
    });

    it('reads on while it takes no writes, and writes again when it does', async () => {
      const cache = open();
      await cache.set('key', 'old');
      await admin('ALTER SYSTEM SET default_transaction_read_only = on');
      await admin('SELECT pg_reload_conf()');
      await expect
        .poll(() => outcome(cache.set('key', 'refused')), { timeout: 10_000, interval: 50 })
        .toBe('rejected');

      const held = await cache.get('key');
      expect(['old', 'refused']).toContain(held);
      await expect(cache.delete('key')).rejects.toMatchObject({ code: '25006' });
      await expect(cache.clear()).rejects.toMatchObject({ code: '25006' });
      await expect(open().get('key')).rejects.toMatchObject({ code: '25006' });
      await admin('ALTER SYSTEM RESET default_transaction_read_only');
      await admin('SELECT pg_reload_conf()');

      await recovers(cache);
    });

    it('loses nothing but its entries when the table is dropped while it is in use', async () => {
      const table = newTable();
      const pool = openPool(server.url);
      opened.push({ [Symbol.asyncDispose]: () => pool.end() });
      const cache = open(server.url, table);
      await cache.set('first', 1);
      const rejections: unknown[] = [];
      const over = new AbortController();
      const users = Array.from({ length: 4 }, async (_, user) => {
        for (let turn = 0; !over.signal.aborted; turn += 1) {
          const key = `key ${user} ${turn % 20}`;
          await cache.set(key, turn).catch((error) => rejections.push(error));
          await cache.get(key).catch((error) => rejections.push(error));
        }
      });
      try {
        await pass(100);
        await admin(`DROP TABLE ${table}, ${table}_parts`);
        await expect
          .poll(() => countRows(pool, table).catch(() => 0), { timeout: 20_000 })
          .toBeGreaterThan(50);
      } finally {
        over.abort();
        await Promise.all(users);
      }

      expect(rejections).toEqual([]);
      await recovers(cache);
    });

    it('is disposed within its timeouts while the server hangs', async () => {
      await server.pause();
      const cache = postgres(server.url, { table: newTable() });
      const reading = outcome(cache.get('key'));
      expect(await outcome(cache[Symbol.asyncDispose]())).toEqual({ value: undefined });
      expect(await reading).toBe('rejected');
    });

    it('survives a failure of its housekeeping', async () => {
      const table = newTable();
      const pool = openPool(server.url);
      opened.push({ [Symbol.asyncDispose]: () => pool.end() });
      const cache = postgres(pool, { table, maxEntries: 10 });
      await cache.setMany(Array.from({ length: 10 }, (_, index) => [`key ${index}`, index]));
      await pool.query(`CREATE FUNCTION ${table}_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'refused'; END $$`);
      await pool.query(`CREATE TRIGGER refuse BEFORE DELETE ON ${table} EXECUTE FUNCTION ${table}_refuse()`);

      for (let index = 10; index < 20; index += 1) await cache.set(`key ${index}`, index);
      expect(await countRows(pool, table)).toBe(20);
      await pool.query(`DROP TRIGGER refuse ON ${table}`);
      await cache.set('last', 1);
      expect(
        (await first<{ least: number }>(pool, `SELECT count(*)::int AS least FROM ${table}`)).least,
      ).toBe(10);
      await cache[Symbol.asyncDispose]();
    });
  },
  { controllable: true },
);
