import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Database, migrate, type Migration, openDatabase, rollback } from '@holdfast/persistence';
import { engines } from './engines.ts';

const schema = (database: Database): unknown[] =>
  database
    .prepare(
      `SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name <> 'holdfast_migrations' ORDER BY type, name`,
    )
    .all();

const kinds = fc.array(fc.constantFrom('table', 'index', 'column', 'view', 'trigger'), {
  minLength: 1,
  maxLength: 8,
});

/** One migration of a kind; all of them work on the table `base` of the first one. */
function migrationOf(kind: string, number: number): Migration {
  const id = `${number}-${kind}`;
  switch (kind) {
    case 'index':
      return { id, up: `CREATE INDEX i${number} ON base (a)`, down: `DROP INDEX i${number}` };
    case 'column':
      return {
        id,
        up: `ALTER TABLE base ADD COLUMN c${number}`,
        down: `ALTER TABLE base DROP COLUMN c${number}`,
      };
    case 'view':
      return { id, up: `CREATE VIEW v${number} AS SELECT a FROM base`, down: `DROP VIEW v${number}` };
    case 'trigger':
      return {
        id,
        up: (on) =>
          on.exec(`CREATE TRIGGER g${number} AFTER INSERT ON base BEGIN DELETE FROM base WHERE a = 0; END`),
        down: (on) => on.exec(`DROP TRIGGER g${number}`),
      };
    default:
      return { id, up: `CREATE TABLE t${number} (x, y UNIQUE)`, down: `DROP TABLE t${number}` };
  }
}

const base: Migration = { id: 'base', up: 'CREATE TABLE base (a)', down: 'DROP TABLE base' };

describe.each(engines)('migrate on $name', (driver) => {
  it('is undone by rollback, at every point of the list, and gives the same schema again', async () => {
    const cases = kinds.chain((list) => fc.tuple(fc.constant(list), fc.nat(list.length)));

    await fc.assert(
      fc.asyncProperty(cases, async ([list, kept]) => {
        using database = openDatabase({ file: ':memory:', driver });
        const migrations = [base, ...list.map(migrationOf)];
        await migrate(database, migrations.slice(0, kept + 1));
        const half = schema(database);
        await migrate(database, migrations);
        const whole = schema(database);

        await rollback(database, migrations, { to: (migrations[kept] as Migration).id });
        expect(schema(database)).toEqual(half);
        await migrate(database, migrations);
        expect(schema(database)).toEqual(whole);
        await rollback(database, migrations, { to: undefined });
        expect(schema(database)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
