import { seconds } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { createCache, jsonCodec, MemoryCache, type TieredCache } from '@holdfast/tiered-cache';
import { restoreSnapshot, saveSnapshot } from '@holdfast/tiered-cache/insight';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { temporaryFolders } from './temporary-folders.ts';

const folder = temporaryFolders();

interface SetUp {
  readonly clock: ManualClock;
  readonly file: string;
  readonly make: (name?: string) => TieredCache;
}

async function setUp(): Promise<SetUp> {
  const clock = new ManualClock();
  const make = (name = 'shop'): TieredCache =>
    createCache({ namespace: name, ttlMs: 60_000, staleWhileRevalidateMs: 30_000, clock });
  return { clock, make, file: join(await folder(), 'cache', 'l1.snapshot') };
}

/** A file with three entries, hot, warm and cold. */
async function saved(): Promise<SetUp> {
  const all = await setUp();
  const cache = all.make();
  for (const key of ['cold', 'warm', 'hot']) await cache.set(key, { key });
  for (let read = 0; read < 5; read += 1) cache.peek('hot');
  await saveSnapshot(cache, all.file, { clock: all.clock });
  return all;
}

describe('a snapshot', () => {
  it('replaces nothing that was loaded or set since the process began', async () => {
    const { clock, make } = await setUp();
    const first = make();
    await first.set('key', 'old');
    const dumped = [...first.dump()];
    await clock.advance(10);
    const next = make();
    await next.set('key', 'new');
    await next.restore(dumped);

    expect(next.peek('key')).toBe('new');
  });

  it('brings the entries of one process back in the next', async () => {
    const { clock, make, file } = await setUp();
    const first = make();
    await first.set('user:1', { name: 'Ada', born: new Date(0) }, { tags: ['org:7'], version: 3 });
    await first.set('user:2', null);

    const result = await saveSnapshot(first, file, { clock });
    expect(result).toEqual({ entries: 2, leftOut: 0, bytes: (await stat(file)).size });

    const next = make();
    expect(await restoreSnapshot(next, file, { clock })).toEqual({ entries: 2, leftOut: 0 });
    expect(next.peek('user:1')).toEqual({ name: 'Ada', born: new Date(0) });
    expect(next.peek('user:2')).toBeNull();
    expect(await next.entry('user:1')).toMatchObject({ tags: ['org:7'], version: 3, state: 'fresh' });
  });

  it('gives entries no more life than they had, less the time in the file', async () => {
    const { clock, make, file } = await saved();
    await clock.advance(20_000);
    const next = make();
    await restoreSnapshot(next, file, { clock });

    await clock.advance(39_999);
    expect(await next.entry('hot')).toMatchObject({ state: 'fresh' });
    await clock.advance(1);
    expect(await next.entry('hot')).toMatchObject({ state: 'stale' });
    await clock.advance(30_000);
    expect(await next.entry('hot')).toBeUndefined();
  });

  it('brings back as stale what has expired in the file, and nothing that is gone', async () => {
    const { clock, make, file } = await saved();
    await clock.advance(70_000);
    const stale = make();
    expect(await restoreSnapshot(stale, file, { clock, keepFile: true })).toEqual({ entries: 3, leftOut: 0 });
    expect(await stale.entry('hot')).toMatchObject({ state: 'stale' });

    await clock.advance(20_000);
    expect(await restoreSnapshot(make(), file, { clock })).toEqual({ entries: 0, leftOut: 3 });
  });

  it('counts a life without end as one', async () => {
    const { clock, make, file } = await setUp();
    const first = make();
    await first.set('user:1', 'Ada', { ttlMs: Infinity });
    await saveSnapshot(first, file, { clock });
    await clock.advance(1e9);
    const next = make();
    await restoreSnapshot(next, file, { clock, maxAgeMs: Infinity });
    await clock.advance(1e12);

    expect(next.peek('user:1')).toBe('Ada');
  });

  it('holds the hottest entries if it may not hold all', async () => {
    const { clock, make, file } = await setUp();
    const first = make();
    for (let key = 0; key < 100; key += 1) await first.set(`user:${key}`, 'x'.repeat(1_000));
    for (let read = 0; read < 5; read += 1) first.peek('user:7');

    expect(await saveSnapshot(first, file, { clock, maxEntries: 10 })).toMatchObject({
      entries: 10,
      leftOut: 0,
    });
    const next = make();
    expect(await restoreSnapshot(next, file, { clock })).toMatchObject({ entries: 10 });
    expect(next.peek('user:7')).toBeDefined();

    const { entries, leftOut, bytes } = await saveSnapshot(first, file, { clock, maxBytes: 20_000 });
    expect(bytes).toBeLessThanOrEqual(20_000);
    expect(entries).toBeGreaterThan(15);
    expect(entries + leftOut).toBe(100);
  });

  it('leaves out values that the codec does not take, and saves the rest', async () => {
    const { clock, make, file } = await setUp();
    const first = make();
    await first.set('function', () => 1);
    await first.set('plain', 1);

    expect(await saveSnapshot(first, file, { clock })).toMatchObject({ entries: 1, leftOut: 1 });
    const next = make();
    expect(await restoreSnapshot(next, file, { clock })).toEqual({ entries: 1, leftOut: 0 });
    expect(next.peek('plain')).toBe(1);
  });

  it('leaves out values that the codec makes nothing of', async () => {
    const { clock, make, file } = await saved();
    const codec = { ...jsonCodec, id: 16 };
    const first = make();
    await first.set('good', 1);
    await first.set('bad', 2);
    await saveSnapshot(first, file, { clock, codec });
    const picky = {
      ...codec,
      decode(bytes: Uint8Array): unknown {
        if (codec.decode(bytes) === 2) throw new TypeError('of an older version');
        return codec.decode(bytes);
      },
    };

    expect(await restoreSnapshot(make(), file, { clock, codec: picky })).toEqual({ entries: 1, leftOut: 1 });
  });

  it('asks lower tiers for the keys, so that what was deleted since stays deleted', async () => {
    const { clock, file } = await setUp();
    const shared = new MemoryCache({ clock });
    const make = (): TieredCache<string> =>
      createCache<string>({ namespace: 'shop', ttlMs: 60_000, clock, l2: shared });
    const first = make();
    await first.set('kept', 'old');
    await first.set('changed', 'old');
    await first.set('deleted', 'old');
    await saveSnapshot(first, file, { clock });
    const other = make();
    await other.set('changed', 'new');
    await other.delete('deleted');

    const next = make();
    expect(await restoreSnapshot(next, file, { clock })).toEqual({ entries: 2, leftOut: 1 });
    expect(next.peek('kept')).toBe('old');
    expect(next.peek('changed')).toBe('new');
    expect(next.peek('deleted')).toBeUndefined();
  });

  it('is used once, because what is deleted later would be there again', async () => {
    const { clock, make, file } = await saved();
    await restoreSnapshot(make(), file, { clock });

    expect(await restoreSnapshot(make(), file, { clock })).toEqual({
      entries: 0,
      leftOut: 0,
      reason: 'missing',
    });
  });

  it('is used by one of several processes that start together', async () => {
    const { clock, make, file } = await saved();

    const results = await Promise.all(
      Array.from({ length: 4 }, () => restoreSnapshot(make(), file, { clock })),
    );

    expect(results.filter(({ entries }) => entries === 3)).toHaveLength(1);
    expect(results.filter(({ reason }) => reason === 'missing')).toHaveLength(3);
  });

  it('of an empty cache restores nothing, and says of no reason', async () => {
    const { clock, make, file } = await setUp();

    expect(await saveSnapshot(make(), file, { clock })).toMatchObject({ entries: 0, leftOut: 0 });
    expect(await restoreSnapshot(make(), file, { clock })).toEqual({ entries: 0, leftOut: 0 });
  });

  it('can be read by this user only', async () => {
    const { file } = await saved();

    expect((await stat(file)).mode & 0o077).toBe(0);
  });

  it('does not keep the process busy: a large one is written in pieces', async () => {
    const { clock, make, file } = await setUp();
    const first = make();
    for (let key = 0; key < 200; key += 1) await first.set(`user:${key}`, 'x'.repeat(20_000));
    let turns = 0;
    let ended = false;
    const count = (): void => {
      turns += 1;
      if (!ended) setImmediate(count);
    };
    setImmediate(count);

    await saveSnapshot(first, file, { clock });
    ended = true;

    expect(turns).toBeGreaterThan(10);
  });
});

describe('a snapshot that cannot be used restores nothing and says why:', () => {
  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, -1), 'damaged'],
    [
      'with a changed byte',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 60), Buffer.of(0xff), bytes.subarray(61)]),
      'damaged',
    ],
    ['with more at its end', (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)]), 'damaged'],
    ['empty', () => Buffer.alloc(0), 'foreign'],
    ['of something else', () => Buffer.from('{"user:1":"Ada"}'), 'foreign'],
    [
      'of a newer version',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 4), Buffer.of(2), bytes.subarray(5)]),
      'newer',
    ],
  ])('%s', async (_, change, reason) => {
    const { clock, make, file } = await saved();
    await writeFile(file, change(await readFile(file)));

    const cache = make();
    expect(await restoreSnapshot(cache, file, { clock })).toEqual({ entries: 0, leftOut: 0, reason });
    expect(cache.peek('hot')).toBeUndefined();
  });

  it('missing', async () => {
    const { clock, make, file } = await setUp();

    expect(await restoreSnapshot(make(), file, { clock })).toEqual({
      entries: 0,
      leftOut: 0,
      reason: 'missing',
    });
  });

  it('not a file', async () => {
    const { clock, make, file } = await setUp();
    await mkdir(file, { recursive: true });

    expect(await restoreSnapshot(make(), file, { clock })).toMatchObject({
      entries: 0,
      reason: 'unreadable',
      error: expect.any(Error),
    });
  });

  it.skipIf(process.platform === 'win32')('a device, which might never end', async () => {
    const { clock, make } = await setUp();

    expect(await restoreSnapshot(make(), '/dev/null', { clock })).toMatchObject({ reason: 'unreadable' });
  });

  it('of another cache, schema or codec', async () => {
    const { clock, make, file } = await saved();

    for (const [cache, options] of [
      [make('other'), {}],
      [make(), { schema: 'v2' }],
      [make(), { codec: jsonCodec }],
    ] as const)
      expect(await restoreSnapshot(cache, file, { clock, ...options })).toMatchObject({
        reason: 'other-label',
      });
  });

  it('too large', async () => {
    const { clock, make, file } = await saved();

    expect(await restoreSnapshot(make(), file, { clock, maxBytes: 100 })).toMatchObject({
      reason: 'too-large',
    });
  });

  it('too old', async () => {
    const { clock, make, file } = await saved();
    await clock.advance(seconds(30));
    const terms = { clock, keepFile: true };

    expect(await restoreSnapshot(make(), file, { ...terms, maxAgeMs: 29_999 })).toMatchObject({
      reason: 'too-old',
    });
    expect(await restoreSnapshot(make(), file, { ...terms, maxAgeMs: 30_000 })).toMatchObject({ entries: 3 });
  });

  it('by default, older than ten minutes', async () => {
    const { clock, make, file } = await saved();
    await clock.advance(600_001);

    expect(await restoreSnapshot(make(), file, { clock })).toMatchObject({ reason: 'too-old' });
  });

  it('saved in the future, beyond the skew of machines that share a disk', async () => {
    const { clock, make, file } = await saved();
    clock.shiftEpoch(-5_001);
    expect(await restoreSnapshot(make(), file, { clock })).toMatchObject({ reason: 'from-the-future' });

    clock.shiftEpoch(1);
    expect(await restoreSnapshot(make(), file, { clock })).toMatchObject({ entries: 3 });
  });

  it('and leaves the file alone, whoever it belongs to', async () => {
    const { clock, make, file } = await saved();
    await writeFile(file, 'precious');
    await restoreSnapshot(make(), file, { clock });

    expect(await readFile(file, 'utf8')).toBe('precious');
  });
});

describe('a snapshot meets a wall clock that jumps:', () => {
  it('forward, and entries live shorter', async () => {
    const { clock, make, file } = await saved();
    clock.shiftEpoch(59_999);
    const next = make();
    await restoreSnapshot(next, file, { clock });

    expect(await next.entry('hot')).toMatchObject({ state: 'fresh' });
    await clock.advance(1);
    expect(await next.entry('hot')).toMatchObject({ state: 'stale' });
  });

  it('a little back, and entries live no longer than they had left', async () => {
    const { clock, make, file } = await saved();
    clock.shiftEpoch(-4_000);
    const next = make();
    await restoreSnapshot(next, file, { clock });

    await clock.advance(59_999);
    expect(await next.entry('hot')).toMatchObject({ state: 'fresh' });
    await clock.advance(1);
    expect(await next.entry('hot')).toMatchObject({ state: 'stale' });
  });
});

describe('saving a snapshot that fails', () => {
  it('rejects, keeps the old file and leaves nothing behind', async () => {
    const { clock, make, file } = await saved();
    const before = await readFile(file);
    const broken = {
      name: 'shop',
      *dump() {
        yield* make().dump();
        throw new Error('torn down');
      },
      restore: () => 0,
    };

    await expect(saveSnapshot(broken, file, { clock })).rejects.toThrow('torn down');
    expect(await readFile(file)).toEqual(before);
    expect(await readdir(join(file, '..'))).toEqual(['l1.snapshot']);
  });

  it('rejects with what the file system says, and leaves nothing behind', async () => {
    const { clock, make, file } = await setUp();
    await mkdir(file, { recursive: true });

    await expect(saveSnapshot(make(), file, { clock })).rejects.toMatchObject({ syscall: 'rename' });
    expect(await readdir(join(file, '..'))).toEqual(['l1.snapshot']);
  });

  it('leaves an older snapshot in place when the process dies while it writes', async () => {
    const { clock, make, file } = await saved();
    // What a process that died half way leaves behind.
    await writeFile(`${file}.0123456789ab.partial`, (await readFile(file)).subarray(0, 50));

    expect(await restoreSnapshot(make(), file, { clock })).toMatchObject({ entries: 3 });
  });
});

describe('options of a snapshot', () => {
  it.each([
    [{ maxEntries: 0 }, 'maxEntries must be a whole number of at least 1, got 0'],
    [{ maxBytes: 0 }, 'maxBytes must be'],
    [{ codec: {} }, 'codec must be an object with encode(), decode()'],
    [{ clock: 1 }, 'clock must be'],
  ])('are checked when saving: %o', async (options, message) => {
    const { make, file } = await setUp();

    await expect(saveSnapshot(make(), file, options as never)).rejects.toThrow(message);
  });

  it('are checked when restoring', async () => {
    const { make, file } = await setUp();

    await expect(restoreSnapshot(make(), file, { maxAgeMs: -1 })).rejects.toThrow('maxAgeMs must be');
    await expect(restoreSnapshot(make(), '')).rejects.toThrow('file must be a string that is not empty');
    await expect(restoreSnapshot({} as never, file)).rejects.toThrow(
      'cache must be an object with restore()',
    );
  });
});
