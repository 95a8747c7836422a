import { chmodSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '@holdfast/core/testing';
import { type Child, type ChildOptions, mayRunAsNobody, nobody, startChild } from '@holdfast/test-support';
import { sqlite } from '@holdfast/tiered-cache/sqlite';
import { describe, expect, it } from 'vitest';

import { BetterSqlite3, countRows, engines, openLikeTheTier, sizes, temporaryFile } from './engines.ts';

const isRoot = process.getuid?.() === 0;

const start = (script: string, parameters: string[], options?: ChildOptions): Child =>
  startChild(new URL(`children/${script}.ts`, import.meta.url), parameters, options);

describe('sqlite while another process uses the file', () => {
  it('rejects writes that wait for more than 50 ms, reads on, and writes again afterwards', async () => {
    const file = temporaryFile();
    const cache = sqlite(file);
    await cache.set('key', 'old');
    const other = start('locking', [file]);
    await other.said('locked');

    await expect(cache.set('key', 'new')).rejects.toThrow('database is locked');
    await expect(cache.delete('key')).rejects.toThrow('database is locked');
    await expect(cache.clear()).rejects.toThrow('database is locked');
    expect(await cache.get('key')).toBe('old');
    await other[Symbol.asyncDispose]();

    await cache.set('key', 'new');
    expect(await cache.get('key')).toBe('new');
    await cache[Symbol.asyncDispose]();
  });

  it('holds the limits and counts right while several processes make the file and write to it', async () => {
    const file = temporaryFile();
    const writers = ['a', 'b', 'c'].map((name) => start('writing', [file, name, '2000', '500']));
    const said = await Promise.all(writers.map((writer) => writer.ended()));

    const database = await openLikeTheTier(file);
    expect(sizes(database)).toEqual({
      counted: { entries: countRows(database) },
      held: { entries: countRows(database) },
    });
    expect(countRows(database)).toBeLessThanOrEqual(500);
    expect(countRows(database)).toBeGreaterThan(450);
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    database.close();
    for (const lines of said) expect(Number(/refused (\d+)/.exec(lines.at(-1) ?? '')?.[1])).toBeLessThan(200);
  });

  it('goes on with what a killed process has left', async () => {
    const file = temporaryFile();
    const writer = start('writing', [file, 'killed', '0', '300']);
    await writer.said('writing');
    await writer.kill();

    const cache = sqlite<number>(file, { maxEntries: 300 });
    expect(await cache.get('killed 0').catch(() => 'failed')).not.toBe('failed');
    await cache.set('key', 1);
    expect(await cache.get('key')).toBe(1);
    await cache[Symbol.asyncDispose]();
    const database = await openLikeTheTier(file);
    expect(sizes(database).counted).toEqual(sizes(database).held);
    database.close();
  });
});

const damages: readonly [string, (file: string) => void][] = [
  ['is no database', (file) => writeFileSync(file, 'something that somebody else has put here '.repeat(500))],
  ['has a damaged header', (file) => overwrite(file, 0, 100)],
  ['is damaged in the middle', (file) => overwrite(file, 4_096, 100_000)],
  ['is cut off', (file) => truncateSync(file, 10_000)],
];

function overwrite(file: string, offset: number, length: number): void {
  const content = readFileSync(file);
  content.fill(0x55, offset, Math.min(offset + length, content.length));
  writeFileSync(file, content);
}

describe('sqlite on a file of its own that', () => {
  it.each(damages)('%s moves it aside and goes on with a new one', async (_what, damage) => {
    const file = await filled();
    damage(file);
    const cache = sqlite(file);

    expect(await cache.get('key 7')).toBeUndefined();
    await cache.set('key 7', 'new');
    expect(await cache.get('key 7')).toBe('new');
    await cache[Symbol.asyncDispose]();

    expect(existsSync(`${file}.corrupt`)).toBe(true);
    const again = sqlite(file);
    expect(await again.get('key 7')).toBe('new');
    await again[Symbol.asyncDispose]();
  });

  it('turns out to be corrupt while it is in use moves it aside, and fails no operation', async () => {
    const file = await filled();
    overwrite(file, 8_192, 100_000);
    const cache = sqlite(file);
    await cache.set('another', 1);

    const outcomes = await Promise.all(keys.map((key) => cache.get(key).catch(() => 'failed')));

    expect(outcomes).not.toContain('failed');
    expect(existsSync(`${file}.corrupt`)).toBe(true);
    await cache.setMany(keys.map((key) => [key, 2]));
    expect((await cache.getMany(keys)).size).toBe(keys.length);
    await cache[Symbol.asyncDispose]();
  });

  it('is corrupt fails none of the operations that wait for it to be opened', async () => {
    const file = await filled();
    overwrite(file, 8_192, 100_000);
    const cache = sqlite(file);

    const outcomes = await Promise.all(
      keys.map((key) => cache.get(key).catch((error: Error) => error.message)),
    );

    expect(new Set(outcomes)).toEqual(new Set([undefined]));
    await cache[Symbol.asyncDispose]();
  });

  it("is somebody else's loses nothing of it", async () => {
    const file = temporaryFile();
    const text = 'something that somebody else has put here '.repeat(500);
    writeFileSync(file, text);
    const cache = sqlite(file);
    await cache.set('key', 1);
    await cache[Symbol.asyncDispose]();

    expect(readFileSync(`${file}.corrupt`, 'utf8')).toBe(text);
  });

  it('is empty is taken for a new one', async () => {
    const file = temporaryFile();
    writeFileSync(file, '');
    const cache = sqlite(file);
    await cache.set('key', 1);

    expect(await cache.get('key')).toBe(1);
    expect(existsSync(`${file}.corrupt`)).toBe(false);
    await cache[Symbol.asyncDispose]();
  });

  it('somebody deletes is made again within a second, and found by others who use it', async () => {
    const clock = new ManualClock();
    const file = temporaryFile();
    const one = sqlite(file, { clock });
    await one.set('key', 'old');
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix);
    const other = sqlite(file, { clock });
    await other.set('key', 'new');
    await clock.advance(1_000);

    expect(await one.get('key')).toBe('new');
    await one.set('key', 'newer');
    expect(await other.get('key')).toBe('newer');
    await Promise.all([one[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
  });

  it.runIf(!isRoot || mayRunAsNobody())(
    'may only be read gives out what it holds and rejects writes, until it may be written',
    async () => {
      const file = await filled();
      const cache = sqlite(file);
      await cache.set('key', 1);
      await cache[Symbol.asyncDispose]();
      chmodSync(file, 0o444);
      chmodSync(dirname(file), 0o777);
      const child = start('trying', [file], isRoot ? { user: nobody } : {});

      const refused = 'attempt to write a readonly database';
      await child.said(/./);
      // The engine has made its log with the rights of the file.
      for (const suffix of ['', '-wal', '-shm']) chmodSync(file + suffix, 0o666);
      const [outcomes = ''] = await child.ended();
      expect(JSON.parse(outcomes)).toEqual([1, refused, refused, refused, 1]);
      const again = sqlite(file);
      expect(await again.get('key')).toBe(3);
      await again[Symbol.asyncDispose]();
    },
  );

  it('lies where a folder is rejects cleanly', async () => {
    const cache = sqlite(dirname(temporaryFile()));

    await expect(cache.get('key')).rejects.toThrow('unable to open database file');
    await expect(cache.set('key', 1)).rejects.toThrow('unable to open database file');
    await cache[Symbol.asyncDispose]();
  });
});

for (const [engine, open] of engines) {
  describe(`sqlite on a ${engine} database that was handed in`, () => {
    it('never replaces it, however corrupt', async () => {
      const file = await filled();
      overwrite(file, 4_096, 100_000);
      const damaged = readFileSync(file);
      const database = open(file);
      const cache = sqlite(database);

      await expect(cache.get('key 7')).rejects.toThrow(/malformed|not a database/);
      await cache[Symbol.asyncDispose]();
      database.close();
      expect(existsSync(`${file}.corrupt`)).toBe(false);
      expect(readFileSync(file).equals(damaged)).toBe(true);
    });

    it('gives way to new entries when the database may not grow any more', async () => {
      const database = open(':memory:');
      const cache = sqlite(database);
      const part = cache.bytes('any');
      await part.set('first', Buffer.alloc(1_000));
      database.exec('PRAGMA max_page_count = 100');
      for (let index = 0; index < 1_000; index += 1) await part.set(`key ${index}`, Buffer.alloc(1_000));

      expect(await part.get('key 999')).toHaveLength(1_000);
      expect(await part.get('first')).toBeUndefined();
      await expect(part.set('large', Buffer.alloc(1_000_000))).rejects.toThrow('database or disk is full');
      await expect(
        part.setMany(Array.from({ length: 500 }, (_, index) => [`batch ${index}`, Buffer.alloc(1_000)])),
      ).rejects.toThrow('database or disk is full');
      expect(await part.get('batch 1')).toBeUndefined();
      expect(sizes(database).counted).toEqual(sizes(database).held);
      await part.set('small', Buffer.alloc(10));
      expect(await part.get('small')).toHaveLength(10);
    });
  });
}

describe('sqlite on a database that may only be read', () => {
  it.each([
    ['better-sqlite3', (file: string) => new BetterSqlite3(file, { readonly: true })],
    ['node:sqlite', (file: string) => new DatabaseSync(file, { readOnly: true })],
  ])('gives out what it holds and rejects writes, on %s', async (_engine, open) => {
    const file = await filled();
    const clock = new ManualClock();
    const cache = sqlite(open(file), { clock });

    expect(await cache.get('key 7')).toBe(7);
    await expect(cache.set('key 7', 8)).rejects.toThrow('readonly');
    await expect(cache.deleteMany(['key 7', 'key 8'])).rejects.toThrow('readonly');
    expect((await cache.getMany(['key 7', 'key 8'])).size).toBe(2);
    await clock.advance(10_000);
    expect(clock.pending()).toBe(0);
  });
});

const keys = Array.from({ length: 500 }, (_, index) => `key ${index}`);

/** A file with 500 entries. */
async function filled(): Promise<string> {
  const file = temporaryFile();
  const cache = sqlite(file);
  await cache.setMany(keys.map((key, index) => [key, index]));
  await cache[Symbol.asyncDispose]();
  return file;
}
