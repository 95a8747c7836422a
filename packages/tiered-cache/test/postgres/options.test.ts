import { postgres, type PostgresPool } from '@holdfast/tiered-cache/postgres';
import { describe, expect, it } from 'vitest';

const pool: PostgresPool = {
  query: () => Promise.reject(new Error('not asked')),
  on: () => undefined,
  off: () => undefined,
};

describe('postgres', () => {
  it.each([
    [
      () => postgres('mysql://user:secret@host/db'),
      "poolOrUrl must be a pool, or a URL that starts with 'postgres://', got 'mysql://…'",
    ],
    [() => postgres({} as never), 'poolOrUrl must be an object with query(), on(), off(), got an object'],
    [
      () => postgres(pool, { table: 'a"; DROP TABLE users; --' }),
      "table must be 'table' or 'schema.table' of letters, digits and '_', at most 48 each, got 'a\"; DROP TABLE users; --'",
    ],
    [() => postgres(pool, { table: 'a.b.c' }), "table must be 'table' or 'schema.table'"],
    [() => postgres(pool, { table: 'a'.repeat(49) }), "table must be 'table' or 'schema.table'"],
    [() => postgres(pool, { table: '' }), "table must be 'table' or 'schema.table'"],
    [() => postgres(pool, { name: '' }), "name must be a string that is not empty, got ''"],
    [() => postgres(pool, { logged: 1 as never }), 'logged must be one of false, true, got 1'],
    [
      () => postgres(pool, { preparedStatements: 'yes' as never }),
      "preparedStatements must be one of false, true, got 'yes'",
    ],
    [() => postgres(pool, { maxEntries: 0 }), 'maxEntries must be a whole number of at least 1, got 0'],
    [() => postgres(pool, { maxBytes: -1 }), 'maxBytes must be a whole number of at least 1, got -1'],
    [
      () => postgres(pool, { clock: 1 as never }),
      'clock must be an object with now(), epoch(), schedule(), got 1',
    ],
    [
      () => postgres(pool).bytes('a/b'),
      "namespace must be made of letters, digits, '.', '_' and '-', got 'a/b'",
    ],
    [() => postgres(pool).bytes('a'.repeat(256)), 'namespace must be of at most 255 characters'],
  ])('refuses bad input %#', (make, message) => {
    expect(make).toThrow(message);
  });

  it.each(['cache', 'My_Cache', 'schema.cache', '_1'])('takes the table %s', (table) => {
    expect(postgres(pool, { table }).name).toBe('postgres');
  });
});
