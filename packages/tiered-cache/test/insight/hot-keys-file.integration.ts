import { hours } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { createCache } from '@holdfast/tiered-cache';
import { HotKeys, readHotKeys, saveHotKeys, saveSnapshot, warmUp } from '@holdfast/tiered-cache/insight';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { temporaryFolders } from './temporary-folders.ts';

const folder = temporaryFolders();

async function setUp(): Promise<{ clock: ManualClock; hotKeys: HotKeys; file: string }> {
  const clock = new ManualClock();
  return {
    clock,
    hotKeys: new HotKeys({ clock, sampleRatio: 1 }),
    file: join(await folder(), 'data', 'hot-keys'),
  };
}

describe('saved hot keys', () => {
  it('come back, the hottest first', async () => {
    const { clock, hotKeys, file } = await setUp();
    for (const key of ['bücher:1', 'a', 'a', '📚', '📚', '📚']) hotKeys.record(key);

    expect(await saveHotKeys(hotKeys, file, { clock })).toBe(3);
    expect(await readHotKeys(file, { clock })).toEqual({ keys: ['📚', 'a', 'bücher:1'] });
    expect(await readHotKeys(file, { clock })).toMatchObject({ keys: { length: 3 } });
    expect((await stat(file)).mode & 0o077).toBe(0);
  });

  it('are as many as wanted, the hottest of them', async () => {
    const { clock, hotKeys, file } = await setUp();
    for (const key of ['a', 'b', 'b', 'c', 'c', 'c']) hotKeys.record(key);

    expect(await saveHotKeys(hotKeys, file, { clock, maxKeys: 2 })).toBe(2);
    expect(await readHotKeys(file, { clock })).toEqual({ keys: ['c', 'b'] });
  });

  it('warm the cache of the next run', async () => {
    const { clock, hotKeys, file } = await setUp();
    const make = () => createCache<string>({ namespace: 'shop', ttlMs: 60_000, clock, reads: hotKeys });
    const load = (key: string): string => `name of ${key}`;
    const first = make();
    for (let read = 0; read < 10; read += 1) await first.get('user:7', () => load('user:7'));
    for (let key = 0; key < 5; key += 1) await first.get(`rare:${key}`, () => load(`rare:${key}`));
    await saveHotKeys(hotKeys, file, { clock, maxKeys: 1 });

    const next = make();
    const { keys } = await readHotKeys(file, { clock });
    expect(await warmUp(next, keys, load, { clock })).toMatchObject({ warmed: 1 });
    expect(next.peek('user:7')).toBe('name of user:7');
  });

  it('are not used when older than a week, or than said', async () => {
    const { clock, hotKeys, file } = await setUp();
    hotKeys.record('a');
    await saveHotKeys(hotKeys, file, { clock });
    await clock.advance(hours(24 * 7));
    expect(await readHotKeys(file, { clock })).toEqual({ keys: ['a'] });

    await clock.advance(1);
    expect(await readHotKeys(file, { clock })).toEqual({ keys: [], reason: 'too-old' });
    expect(await readHotKeys(file, { clock, maxAgeMs: Infinity })).toEqual({ keys: ['a'] });
  });

  it('are none if the file is missing, changed or a snapshot of entries', async () => {
    const { clock, hotKeys, file } = await setUp();
    expect(await readHotKeys(file, { clock })).toEqual({ keys: [], reason: 'missing' });

    hotKeys.record('a');
    await saveHotKeys(hotKeys, file, { clock });
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, 20));
    expect(await readHotKeys(file, { clock })).toEqual({ keys: [], reason: 'damaged' });

    await saveSnapshot(createCache({ namespace: 'shop', ttlMs: 1, clock }), file, { clock });
    expect(await readHotKeys(file, { clock })).toEqual({ keys: [], reason: 'foreign' });
  });

  it('refuse options out of range', async () => {
    const { hotKeys, file } = await setUp();

    await expect(saveHotKeys(hotKeys, file, { maxKeys: 0 })).rejects.toThrow('maxKeys must be');
    await expect(saveHotKeys({} as never, file)).rejects.toThrow('hotKeys must be an object with top()');
    await expect(readHotKeys(file, { maxAgeMs: Number.NaN })).rejects.toThrow('maxAgeMs must be');
    await expect(readHotKeys('')).rejects.toThrow('file must be');
  });
});
