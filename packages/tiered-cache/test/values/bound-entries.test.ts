import { ManualClock } from '@holdfast/core/testing';
import { createCache, type TieredCache, type TieredCacheEvent } from '@holdfast/tiered-cache';
import { beforeEach, describe, expect, it } from 'vitest';

import { layout } from '../../src/entry/layout.ts';
import { ScriptedStore } from '../scripted-store.ts';

const keys = [{ id: 'a', secret: Buffer.alloc(32, 7) }];
const day = 86_400_000;

let clock: ManualClock;
let l2: ScriptedStore;
let writer: TieredCache;

/** Another process, which has to believe what is in the tier. */
function reader(namespace = 'shop'): { cache: TieredCache; events: TieredCacheEvent[] } {
  const cache = createCache({ namespace, ttlMs: 1_000, clock, l1: false, l2, integrity: { keys } });
  const events: TieredCacheEvent[] = [];
  cache.events.subscribe((event) => {
    if (event.type === 'entry-corrupted') events.push(event);
  });
  return { cache, events };
}

function held(key: string): Buffer {
  return Buffer.from(l2.entries.get(`shop:v:${key}`) as Uint8Array);
}

beforeEach(async () => {
  clock = new ManualClock();
  l2 = new ScriptedStore(clock);
  writer = createCache({ namespace: 'shop', ttlMs: 1_000, clock, l1: false, l2, integrity: { keys } });
  await writer.set('key', { role: 'user' }, { tags: ['red'], version: 3 });
});

describe('an entry that whoever writes to a tier has changed', () => {
  it('is refused under another key, and in another namespace', async () => {
    l2.entries.set('shop:v:other', held('key'));
    l2.entries.set('bank:v:key', held('key'));
    const { cache, events } = reader();
    const bank = reader('bank');

    expect([await cache.get('other'), await bank.cache.get('key')]).toEqual([undefined, undefined]);
    expect([events.length, bank.events.length]).toEqual([1, 1]);
    expect(await cache.get('key')).toEqual({ role: 'user' });
  });

  it.each([
    ['stamp', layout.stampAt],
    ['version', layout.versionAt + 3],
    ['stored at', layout.storedAtAt],
    ['staleWhileRevalidateMs', layout.staleWhileRevalidateAt],
    ['staleIfErrorMs', layout.staleIfErrorAt],
    ['ttlMs', layout.ttlAt],
    ['epoch', layout.epochAt],
    ['position of its birth', layout.bornAt + 15],
    ['tag', layout.etagAt + 6],
  ])('is refused: its %s', async (_what, offset) => {
    const envelope = held('key');
    envelope.writeUInt8(envelope.readUInt8(offset) ^ 1, offset);
    l2.entries.set('shop:v:key', envelope);
    const { cache, events } = reader();

    expect(await cache.get('key')).toBeUndefined();
    expect(events).toHaveLength(1);
  });

  it('lives no longer than it was given: the end of its life may be lowered in place, and not raised', async () => {
    const envelope = held('key');
    envelope.writeDoubleLE(clock.epoch() + day, layout.freshUntilAt);
    l2.entries.set('shop:v:key', envelope);
    const { cache } = reader();
    await clock.advance(999);
    expect(await cache.get('key')).toEqual({ role: 'user' });

    await clock.advance(1);
    expect(await cache.get('key')).toBeUndefined();
  });
});
