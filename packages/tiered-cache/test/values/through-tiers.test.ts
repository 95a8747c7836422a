import { type Codec, createCache, jsonCodec, MemoryCache, v8Codec } from '@holdfast/tiered-cache';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Fleet, type Node } from '../coherence/fleet.ts';

let fleet: Fleet;

beforeEach(() => {
  fleet = new Fleet(0);
});

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

async function start(options: Parameters<Fleet['add']>[0] = {}): Promise<Node['cache']> {
  const { cache } = fleet.add(options);
  await fleet.during(cache.get('warm', () => 1));
  return cache;
}

describe('a value that is read a second time, from a tier', () => {
  const plain = new MemoryCache();
  const value = {
    at: new Date(1_700_000_000_000),
    roles: new Set(['admin']),
    limits: new Map([['day', 10n]]),
    avatar: Buffer.from([0, 255]),
    ratio: Number.NaN,
    nothing: undefined,
    list: [1, null, '', false, -0],
  };

  it.each([
    ['shared by a fleet', () => start()],
    ['without a log', async () => createCache({ namespace: 'n', ttlMs: 60_000, l2: plain })],
  ])('is what it was the first time, alone and among many: %s', async (_what, open) => {
    const first = await open();
    expect(await first.get('key', () => value)).toEqual(value);
    const second = await open();

    expect(await second.get('key', () => 'not needed')).toStrictEqual(value);
    expect((await (await open()).getMany(['key'])).get('key')).toStrictEqual(value);
    expect((await (await open()).entry('key'))?.value).toStrictEqual(value);
  });
});

describe('processes that write values of another shape into one tier', () => {
  const older = { schema: { version: 1 } };
  const newer = {
    schema: {
      version: 2,
      migrate: (value: unknown): unknown => ({ name: (value as { full: string }).full.split(' ') }),
    },
  };

  it('read each other as far as they can, and fail nothing', async () => {
    const before = await start(older);
    const after = await start(newer);
    await before.set('key', { full: 'Ada Lovelace' });
    expect(await after.get('key')).toEqual({ name: ['Ada', 'Lovelace'] });

    await after.set('key', { name: ['Grace', 'Hopper'] });
    await fleet.clock.advance(10);
    expect(await before.get('key')).toBeUndefined();
    expect(await before.get('key', () => ({ full: 'Grace Hopper' }))).toEqual({ full: 'Grace Hopper' });
    expect(await after.get('key', () => 'not needed')).toEqual({ name: ['Grace', 'Hopper'] });
  });

  it.each<[string, Codec, Codec]>([
    ['json and v8', jsonCodec, v8Codec],
    ['v8 and json', v8Codec, jsonCodec],
  ])('by another codec take the other for absent: %s', async (_what, one, other) => {
    const a = await start({ codec: one });
    const b = await start({ codec: other });
    await a.set('key', 'of a');

    expect(await b.get('key')).toBeUndefined();
    expect(await b.get('key', () => 'of b')).toBe('of b');
    await b.delete('key');
    await fleet.clock.advance(10);
    expect(await a.get('key')).toBeUndefined();
  });
});
