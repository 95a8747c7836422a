import { describeWithPostgres } from '@holdfast/test-support';
import pg from 'pg';
import { expect, it } from 'vitest';

import { openSqlDatabase, openStorage } from '../../src/storage/open.ts';
import { query } from '../../src/storage/sql-work.ts';
import { anEvent, anItem, aUser, epochMs } from '../support/fixtures.ts';
import { storageContract } from './contract.ts';

describeWithPostgres(
  'PostgresDatabase',
  (postgres) => {
    const open = {
      file: ':memory:',
      get databaseUrl() {
        return postgres.url;
      },
    };

    storageContract(() => openStorage(open));

    it('brings the schema up to date once, however many processes start together', async () => {
      const storages = await Promise.all(Array.from({ length: 4 }, () => openStorage({ ...open })));

      const user = aUser();
      const item = anItem();
      await storages[0]?.items.insert(user, [item], []);

      expect(await storages[3]?.items.get(user, item.id)).toEqual(item);
      await Promise.all(storages.map((storage) => storage[Symbol.asyncDispose]()));
    });

    it('keeps sums across users exact while many record at once', async () => {
      await using storage = await openStorage(open);
      const sources = Array.from({ length: 6 }, (_, index) => `contended/${index}`);
      const users = Array.from({ length: 8 }, () => aUser());
      await Promise.all(
        users.map(async (user, turn) => {
          await storage.users.setSharing(user, true);
          const items = sources.map((source) => anItem({ source }));
          await storage.items.insert(user, items, []);
          // Each goes through them in another order, which is how transactions come to wait for each other.
          const order = items.map(
            (_, index) => items[(index * (turn % 2 === 0 ? 1 : 5) + turn) % items.length]?.id ?? '',
          );
          const events = order.map((id, index) => anEvent(id, { at: epochMs + index * 1_000 }));
          await Promise.all(events.map((event) => storage.access.record(user, [event])));
        }),
      );

      const client = new pg.Client({ connectionString: postgres.url });
      await client.connect();
      const { rows } = await client.query<{ users: number }>(
        `SELECT users FROM shared_popularity WHERE source LIKE 'contended/%'`,
      );
      const [sums] = (
        await client.query<{ own: string; shared: string }>(
          `SELECT (SELECT COUNT(*) FROM transitions x JOIN items i ON i.user_id = x.user_id AND i.id = x.from_item
                 WHERE i.source LIKE 'contended/%') AS own,
                (SELECT SUM(users) FROM shared_transitions WHERE from_source LIKE 'contended/%') AS shared`,
        )
      ).rows;
      await client.end();
      expect(rows).toEqual(sources.map(() => ({ users: 8 })));
      expect(sums?.own).toBe(sums?.shared);
    });

    it('rolls back all of a transaction that fails', async () => {
      const database = await openSqlDatabase(open);
      const user = aUser();

      const failing = database.write(function* () {
        yield* query('INSERT INTO users (id) VALUES ($1)', user);
        yield* query('SELECT no_such_column FROM users');
      });

      await expect(failing).rejects.toThrow('no_such_column');
      expect(await database.read(() => query('SELECT id FROM users WHERE id = $1', user))).toEqual([]);
      await database[Symbol.asyncDispose]();
    });

    it('survives a connection that breaks in the middle of a transaction', async () => {
      await using database = await openSqlDatabase(open);

      const failing = database.write(() => query('SELECT pg_terminate_backend(pg_backend_pid())'));

      await expect(failing).rejects.toThrow(/terminat/i);
      expect(await database.write(() => query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
    });

    it('goes on after the server was restarted under it', async () => {
      await using storage = await openStorage(open);
      const user = aUser();
      await storage.items.insert(user, [anItem()], []);

      await postgres.stop();
      await expect(storage.items.count(user)).rejects.toThrow(/terminat|ECONN|shutting down/i);
      await postgres.start();

      expect(await storage.items.count(user)).toBe(1);
    }, 60_000);
  },
  { controllable: true },
);
