import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { readConfig } from '../../src/service/config.ts';
import { identityOf } from '../../src/service/database-identity.ts';

const ofServer = (databaseUrl: string): Promise<string> =>
  identityOf(readConfig({ DATABASE_URL: databaseUrl }));

describe('identityOf', () => {
  it('is that of the file, wherever it is moved, and another one for another file in its place', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'recall-'));
    const config = readConfig({ RECALL_DATA: folder });
    const file = join(folder, 'recall.db');
    await writeFile(file, 'one');
    const first = await identityOf(config);

    await writeFile(file, 'changed');
    expect(await identityOf(config)).toBe(first);
    await writeFile(`${file}.new`, 'two');
    await rename(`${file}.new`, file);
    expect(await identityOf(config)).not.toBe(first);

    await rm(folder, { recursive: true });
  });

  it('is that of server and database, whoever logs in', async () => {
    const one = await ofServer('postgres://ada:secret@db:5432/recall');

    expect(one).toMatch(/^[\da-f]{16}$/);
    expect(await ofServer('postgres://bob:other@db:5432/recall')).toBe(one);
    expect(await ofServer('postgres://ada:secret@db:5433/recall')).not.toBe(one);
    expect(await ofServer('postgres://ada:secret@db:5432/other')).not.toBe(one);
  });
});
