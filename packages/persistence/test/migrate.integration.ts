import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { migrate, openDatabase } from '@holdfast/persistence';
import { startChild } from '@holdfast/test-support';
import { engines, temporaryFolder } from './engines.ts';

describe.each(engines)('migrate on $name', (driver) => {
  it('applies each migration once when three processes migrate a new database at the same time', async () => {
    using folder = temporaryFolder();
    const parameters = [driver.name, folder.at('a.db'), folder.at('start')];
    const children = [1, 2, 3].map(() =>
      startChild(new URL('children/migrating.ts', import.meta.url), parameters),
    );
    await Promise.all(children.map((child) => child.said('ready')));

    writeFileSync(folder.at('start'), '');
    const lines = await Promise.all(children.map((child) => child.ended()));

    const applied = lines.flatMap((said) => (said[1] ?? '').split(' ').slice(1)).filter((id) => id !== '');
    expect(applied.toSorted()).toEqual(Array.from({ length: 10 }, (_, index) => `m${index}`));
    using database = openDatabase({ file: folder.at('a.db'), driver });
    expect(database.prepare('SELECT count(*) AS n, sum(a) AS s FROM t9').get()).toEqual({
      n: 2_000,
      s: 1_999_000,
    });
  });

  it('leaves nothing of a migration in whose middle the process was killed', async () => {
    using folder = temporaryFolder();
    const file = folder.at('a.db');
    await using child = startChild(new URL('children/migrating-forever.ts', import.meta.url), [
      driver.name,
      file,
    ]);
    await child.said('in the middle');

    await child.kill();

    using database = openDatabase({ file, driver });
    const names = database.prepare<{ name: string }>('SELECT name FROM sqlite_schema ORDER BY name').all();
    expect(names.map(({ name }) => name).filter((name) => !name.startsWith('sqlite_'))).toEqual([
      'holdfast_migrations',
      'whole',
    ]);
    const report = await migrate(database, [
      { id: 'whole', up: 'CREATE TABLE whole (a)' },
      { id: 'half', up: 'CREATE TABLE half (a)' },
    ]);
    expect(report.migrations).toEqual(['half']);
  });
});
