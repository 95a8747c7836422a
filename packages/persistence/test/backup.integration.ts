import { describe, expect, it } from 'vitest';

import { backup, openDatabase } from '@holdfast/persistence';
import { startChild } from '@holdfast/test-support';
import { bankOf, bankTotal, createBank, damageOf, transferring } from './bank.ts';
import { engines, temporaryFolder } from './engines.ts';

describe.each(engines)('backup on $name', (driver) => {
  it('is whole while this and another process write without pause, with all that was committed before', async () => {
    using folder = temporaryFolder();
    using database = openDatabase({
      file: folder.at('a.db'),
      driver,
      durability: 'normal',
      busyTimeoutMs: 5_000,
    });
    createBank(database);
    // 20 MB, so that a copy takes long beside a transfer.
    database.exec(`CREATE TABLE ballast (a); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000)
      INSERT INTO ballast SELECT randomblob(4000) FROM n`);
    const transfer = transferring(database);
    await using writer = startChild(new URL('children/writing.ts', import.meta.url), [
      driver.name,
      folder.at('a.db'),
    ]);
    await writer.said('1000').catch(() => {});

    for (let round = 0; round < 6; round += 1) {
      const acknowledged = Math.max(transfer(), Number(writer.lines.at(-1)));
      const before = writer.lines.length;
      const { id } = await backup(database, folder.at('backups'));
      while (writer.lines.length === before) await new Promise(setImmediate);

      using copy = openDatabase({ file: folder.at(`backups/${id}.db`), driver });
      expect(damageOf(copy)).toEqual([]);
      expect(bankOf(copy).total).toBe(bankTotal);
      expect(bankOf(copy).transfers).toBeGreaterThanOrEqual(acknowledged);
    }
    expect(Number(writer.lines.at(-1))).toBeGreaterThan(2_000);
  });
});
