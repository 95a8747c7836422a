import fc from 'fast-check';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { backup, openDatabase, verify } from '@holdfast/persistence';
import { engines, temporaryFolder } from './engines.ts';

describe.each(engines)('verify on $name', (driver) => {
  it.each(['one.db', 'one.json'])('fails for any flipped bits, and for any length, of %s', async (name) => {
    using folder = temporaryFolder();
    using database = openDatabase({ file: folder.at('a.db'), driver });
    database.exec(
      'CREATE TABLE t (a UNIQUE, b); INSERT INTO t VALUES (1, randomblob(9000)), (2, zeroblob(3000))',
    );
    await backup(database, folder.at(''), { id: 'one' });
    const whole = readFileSync(folder.at(name));
    const flip = fc.record({ at: fc.nat(whole.length - 1), bits: fc.integer({ min: 1, max: 255 }) });

    const validWith = async (bytes: Uint8Array): Promise<boolean> => {
      writeFileSync(folder.at(name), bytes);
      return (await verify(folder.at(''), 'one', { driver })).valid;
    };

    await fc.assert(
      fc.asyncProperty(flip, async ({ at, bits }) => {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ bits;
        expect(await validWith(bytes)).toBe(false);
      }),
      { numRuns: 200 },
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        expect(await validWith(whole.subarray(0, length))).toBe(false);
      }),
    );
    expect(await validWith(Buffer.concat([whole, Buffer.from('\n')]))).toBe(false);
    expect(await validWith(whole)).toBe(true);
  });
});
