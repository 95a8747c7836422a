import { createHash } from 'node:crypto';
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { backup, type BackupManifest, openDatabase, verify } from '@holdfast/persistence';
import { engines, type Folder, temporaryFolder } from './engines.ts';

const sha256Of = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Changes facts in a manifest as somebody would who knows how its digest is made. */
function forge(folder: Folder, facts: Partial<BackupManifest>): void {
  const { digest: _, ...manifest } = JSON.parse(readFileSync(folder.at('one.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const forged = { ...manifest, ...facts };
  const digest = sha256Of(JSON.stringify(forged, undefined, 2));
  writeFileSync(folder.at('one.json'), `${JSON.stringify({ ...forged, digest }, undefined, 2)}\n`);
}

describe.each(engines)('verify on $name', (driver) => {
  const backedUp = async (folder: Folder): Promise<void> => {
    using database = openDatabase({ file: ':memory:', driver });
    database.exec('CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1), (2)');
    await backup(database, folder.at(''), { id: 'one' });
  };
  const problems = async (folder: Folder): Promise<readonly string[]> => {
    const { valid, problems: found } = await verify(folder.at(''), 'one', { driver });
    expect(valid).toBe(found.length === 0);
    return found;
  };

  it('says which part is missing or has another size', async () => {
    using folder = temporaryFolder();
    await backedUp(folder);
    truncateSync(folder.at('one.db'), 100);
    expect(await problems(folder)).toEqual(['its data has 100 bytes instead of 12288']);

    rmSync(folder.at('one.db'));
    expect(await problems(folder)).toEqual(['its data is missing']);

    rmSync(folder.at('one.json'));
    expect(await problems(folder)).toEqual(['its manifest is missing']);
  });

  it('does not take the manifest of another backup', async () => {
    using folder = temporaryFolder();
    await backedUp(folder);
    using database = openDatabase({ file: ':memory:', driver });
    await backup(database, folder.at(''), { id: 'two' });

    writeFileSync(folder.at('one.json'), readFileSync(folder.at('two.json')));

    expect(await problems(folder)).toEqual(['its manifest is damaged']);
  });

  it('reads what integrity_check found, though hash and size are right', async () => {
    using folder = temporaryFolder();
    await backedUp(folder);
    // The index of the unique column gets the key 9 where the table has 2; no byte of it is malformed.
    const bytes = readFileSync(folder.at('one.db'));
    bytes[bytes.indexOf(Buffer.from([5, 3, 1, 1, 2, 2])) + 4] = 9;
    writeFileSync(folder.at('one.db'), bytes);
    const sha256 = sha256Of(bytes);
    forge(folder, { sha256 });

    expect(await problems(folder)).toEqual(
      expect.arrayContaining([expect.stringMatching(/missing from index/)]),
    );
  });

  it('compares rows, migrations and version with the manifest', async () => {
    using folder = temporaryFolder();
    await backedUp(folder);
    forge(folder, { rows: { t: 3 }, migrations: ['x'], userVersion: 9, foreignKeyViolations: 1 });

    expect(await problems(folder)).toEqual([
      'its userVersion differ from the manifest',
      'its migrations differ from the manifest',
      'its rows differ from the manifest',
      'its foreignKeyViolations differ from the manifest',
    ]);
  });

  it('refuses an id that could lead out of the folder', async () => {
    await expect(verify('.', '../one', { driver })).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
    await expect(verify('', 'one', { driver })).rejects.toThrow('directory must be');
    await expect(verify('.', 'one', { driver: {} as never })).rejects.toThrow('driver must be');
  });
});
