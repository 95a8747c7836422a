import { createRequire } from 'node:module';
import { type BetterSqlite3, betterSqlite3, migrate, openDatabase, rollback } from '@holdfast/persistence';
import { describe, expect, it } from 'vitest';

import { openStorage } from '../../src/storage/open.ts';
import { SqlStorage } from '../../src/storage/sql-storage.ts';
import { sqliteMigrations } from '../../src/storage/sqlite-migrations.ts';
import { SqliteDatabase } from '../../src/storage/sqlite.ts';
import { query } from '../../src/storage/sql-work.ts';
import { storageContract } from './contract.ts';

describe('SqliteDatabase', () => {
  describe('on the default driver', () => {
    storageContract(() => openStorage({ file: ':memory:' }));
  });

  describe('on better-sqlite3', () => {
    storageContract(async () => {
      const engine = createRequire(import.meta.url)('better-sqlite3') as BetterSqlite3;
      const database = openDatabase({ file: ':memory:', driver: betterSqlite3(engine) });
      await migrate(database, sqliteMigrations);
      return new SqlStorage(new SqliteDatabase(database));
    });
  });

  it('rolls back all of a transaction that fails', async () => {
    const connection = openDatabase({ file: ':memory:' });
    await migrate(connection, sqliteMigrations);
    await using database = new SqliteDatabase(connection);

    const failing = database.write(function* () {
      yield* query('INSERT INTO users (id) VALUES ($1)', 'u');
      yield* query('SELECT no_such_column FROM users');
    });

    await expect(failing).rejects.toThrow('no_such_column');
    expect(await database.read(() => query('SELECT id FROM users'))).toEqual([]);
  });
});

describe('sqliteMigrations', () => {
  it('leave nothing behind when they are undone, and can be applied again', async () => {
    using database = openDatabase({ file: ':memory:' });
    const schema = (): unknown =>
      database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all();
    await migrate(database, []);
    const empty = schema();
    await migrate(database, sqliteMigrations);
    const full = schema();

    await rollback(database, sqliteMigrations, { to: undefined });
    const undone = schema();
    await migrate(database, sqliteMigrations);

    expect(full).toEqual(schema());
    expect(JSON.stringify(undone)).not.toMatch(/items|users|access|shared/);
    expect(JSON.stringify(full)).toMatch(/items_words/);
    expect((empty as unknown[]).length).toBeLessThan((full as unknown[]).length);
  });
});
