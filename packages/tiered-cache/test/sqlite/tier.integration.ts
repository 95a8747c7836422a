import { writeFileSync } from 'node:fs';
import { ManualClock } from '@holdfast/core/testing';
import { startChild } from '@holdfast/test-support';
import { createCache } from '@holdfast/tiered-cache';
import { sqlite } from '@holdfast/tiered-cache/sqlite';
import { describe, expect, it } from 'vitest';

import { temporaryFile } from './engines.ts';

describe('sqlite as a tier', () => {
  it('rejects nothing while another process keeps the file locked, and takes part again afterwards', async () => {
    const file = temporaryFile();
    const cache = createCache({ namespace: 'shop', ttlMs: 60_000, l1: false, l3: sqlite(file) });
    await cache.set('key', 'old');
    const other = startChild(new URL('children/locking.ts', import.meta.url), [file]);
    await other.said('locked');

    expect(await cache.set('key', 'new')).toMatchObject({ l3: 'queued' });
    expect(await cache.get('key', () => 'loaded')).toBe('loaded');
    await other[Symbol.asyncDispose]();

    await expect.poll(() => cache.statistics().tiers.l3?.queued, { timeout: 5_000 }).toBe(0);
    expect(await cache.get('key')).toBeUndefined();
    await cache[Symbol.asyncDispose]();
  });

  it('goes on with a new file where there was no database', async () => {
    const file = temporaryFile();
    writeFileSync(file, 'no database at all, but long enough to be looked at as if it were one '.repeat(100));
    const cache = createCache({ namespace: 'shop', ttlMs: 60_000, l1: false, l3: sqlite(file) });

    expect(await cache.get('key', () => 'loaded')).toBe('loaded');
    expect(await cache.set('key', 1)).toMatchObject({ l3: 'applied' });
    expect(await cache.get('key')).toBe(1);
    await cache[Symbol.asyncDispose]();
  });

  it('survives a restart: the next process finds what the last one had, and no longer life than was left', async () => {
    const file = temporaryFile();
    const clock = new ManualClock();
    const open = () => createCache({ namespace: 'shop', ttlMs: 1_000, clock, l3: sqlite(file, { clock }) });
    const first = open();
    await first.get('key', () => ({ id: 1 }));
    await first[Symbol.asyncDispose]();
    await clock.advance(999);

    const second = open();
    expect(await second.get('key')).toEqual({ id: 1 });
    await clock.advance(1);
    expect([await second.get('key'), second.peek('key')]).toEqual([undefined, undefined]);
    await second[Symbol.asyncDispose]();
  });
});
