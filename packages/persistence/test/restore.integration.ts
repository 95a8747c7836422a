import { describe, expect, it } from 'vitest';

import {
  backup,
  type Database,
  type Driver,
  listBackups,
  openDatabase,
  restore,
  verify,
} from '@holdfast/persistence';
import { startChild } from '@holdfast/test-support';
import { damageOf } from './bank.ts';
import { engines, type Folder, temporaryFolder } from './engines.ts';

/** Fills both tables with one value, 8 MB in all, and backs that up under a name. */
async function fill(database: Database, folder: Folder, value: number, id: string): Promise<void> {
  database.exec(`DELETE FROM t; DELETE FROM u;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) INSERT INTO t SELECT ${value}, randomblob(4000) FROM n;
    INSERT INTO u SELECT a, randomblob(4000) FROM t`);
  await backup(database, folder.at('b'), { id });
}

async function prepared(folder: Folder, driver: Driver): Promise<Database> {
  const database = openDatabase({ file: folder.at('a.db'), driver });
  database.exec('CREATE TABLE t (a, b); CREATE TABLE u (a, b)');
  await fill(database, folder, 1, 'odd');
  await fill(database, folder, 2, 'even');
  return database;
}

const contentOf = (database: Database): unknown =>
  database
    .prepare('SELECT a, count(*) AS n FROM (SELECT a FROM t UNION ALL SELECT a FROM u) GROUP BY a')
    .all();

describe.each(engines)('restore on $name', (driver) => {
  it('leaves wholly the old or wholly the new when the process is killed at any time', async () => {
    using folder = temporaryFolder();
    (await prepared(folder, driver))[Symbol.dispose]();
    const seen = new Set<string>();

    for (let round = 0; round < 12; round += 1) {
      await using child = startChild(new URL('children/restoring.ts', import.meta.url), [
        driver.name,
        folder.at('a.db'),
        folder.at('b'),
      ]);
      await child.said(`round ${1 + (round % 3)}`);
      await new Promise((resolve) => setTimeout(resolve, (round * 37) % 150));
      await child.kill();

      using database = openDatabase({ file: folder.at('a.db'), driver });
      expect(damageOf(database)).toEqual([]);
      const content = JSON.stringify(contentOf(database));
      expect(['[{"a":1,"n":2000}]', '[{"a":2,"n":2000}]']).toContain(content);
      seen.add(content);
      const newest = await listBackups(folder.at('b'));
      expect((await verify(folder.at('b'), newest[0]?.id ?? '', { driver })).problems).toEqual([]);
    }
    expect(seen.size).toBe(2);
  });

  it('shows another process the one content or the other, never a mixture', async () => {
    using folder = temporaryFolder();
    using database = await prepared(folder, driver);
    await using reader = startChild(new URL('children/reading.ts', import.meta.url), [
      driver.name,
      folder.at('a.db'),
    ]);
    await reader.said('sees 2');

    for (const id of ['odd', 'even', 'odd', 'even', 'odd']) await restore(database, folder.at('b'), id);
    await reader.said('sees 1');
    await reader.kill();

    expect(new Set(reader.lines)).toEqual(new Set(['ready', 'sees 1', 'sees 2']));
  });
});
