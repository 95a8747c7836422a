import { describe, expect, it } from 'vitest';

import { LateDatabase } from '../../src/service/late-database.ts';
import { openSqlDatabase } from '../../src/storage/open.ts';
import { query, type SqlDatabase } from '../../src/storage/sql-work.ts';
import { sqliteDialect } from '../../src/storage/sqlite-dialect.ts';

/** A database that can be opened from the `from`-th attempt on. */
function opener(from: number): { open: () => Promise<SqlDatabase>; readonly attempts: number } {
  let attempts = 0;
  return {
    get attempts() {
      return attempts;
    },
    open: async () => {
      attempts += 1;
      if (attempts < from) throw new Error(`attempt ${attempts}`);
      return openSqlDatabase({ file: ':memory:' });
    },
  };
}

const one = (database: SqlDatabase): Promise<unknown> => database.read(() => query('SELECT 1 AS one'));

describe('LateDatabase', () => {
  it('opens when it is first used, once for all who use it at that time', async () => {
    const late = opener(1);
    await using database = new LateDatabase('late', sqliteDialect, late.open);
    expect(late.attempts).toBe(0);

    expect(await Promise.all([one(database), one(database)])).toEqual([[{ one: 1 }], [{ one: 1 }]]);
    await database.write(() => query('DELETE FROM users'));

    expect(late.attempts).toBe(1);
  });

  it('is unavailable while it cannot be opened, says why, and tries again with the next use', async () => {
    const late = opener(3);
    await using database = new LateDatabase('late', sqliteDialect, late.open);

    const refusals = await Promise.allSettled([one(database), one(database)]);
    expect(refusals).toEqual(
      [1, 1].map((attempt) => ({
        status: 'rejected',
        reason: expect.objectContaining({
          code: 'ERR_DATABASE_UNAVAILABLE',
          cause: expect.objectContaining({ message: `attempt ${attempt}` }),
        }),
      })),
    );
    await expect(database.write(() => query('DELETE FROM users'))).rejects.toMatchObject({
      code: 'ERR_DATABASE_UNAVAILABLE',
    });

    expect(await one(database)).toEqual([{ one: 1 }]);
    expect(late.attempts).toBe(3);
  });

  it('closes what it is just opening, and opens nothing afterwards', async () => {
    const { promise, resolve } = Promise.withResolvers<SqlDatabase>();
    const database = new LateDatabase('late', sqliteDialect, () => promise);
    const used = one(database);
    const opened = await openSqlDatabase({ file: ':memory:' });

    const closed = database[Symbol.asyncDispose]();
    resolve(opened);

    await Promise.allSettled([used, closed]);
    await expect(one(opened)).rejects.toThrow(/closed|not open/i);
    await expect(one(database)).rejects.toMatchObject({ code: 'ERR_DATABASE_UNAVAILABLE' });
  });

  it('has nothing to close if it was never used', async () => {
    const late = opener(1);

    await new LateDatabase('late', sqliteDialect, late.open)[Symbol.asyncDispose]();

    expect(late.attempts).toBe(0);
  });
});
