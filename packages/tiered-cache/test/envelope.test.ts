import { ManualClock } from '@holdfast/core/testing';
import { createCache, jsonCodec, type TieredCacheEvent } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { ScriptedStore } from './scripted-store.ts';

const stored = 'shop:v:key';

/** A tier with one entry, whose ttl is 1,000 ms with 500 ms of stale time, and a second cache that reads it. */
async function setUp() {
  const clock = new ManualClock();
  const l2 = new ScriptedStore(clock);
  const terms = { ttlMs: 1_000, staleWhileRevalidateMs: 200, staleIfErrorMs: 500 };
  await createCache({ namespace: 'shop', clock, l2, ...terms }).set('key', { id: 7 });
  const reader = createCache({ namespace: 'shop', ttlMs: 1, clock, l2, l1: false });
  const events: TieredCacheEvent[] = [];
  reader.events.subscribe((event) => {
    if (event.type !== 'advice') events.push(event);
  });
  const envelope = Buffer.from(l2.entries.get(stored) as Uint8Array);
  return { clock, l2, reader, events, envelope };
}

describe('an entry in a lower tier', () => {
  it('carries its own times: the reader goes by these', async () => {
    const { reader, clock } = await setUp();
    await clock.advance(999);
    expect(await reader.entry('key')).toEqual({
      value: { id: 7 },
      state: 'fresh',
      tier: 'l2',
      ageMs: 999,
      tags: [],
    });

    await clock.advance(1);
    expect(await reader.entry('key')).toMatchObject({ state: 'stale', ageMs: 1_000 });
    await clock.advance(499);
    expect(await reader.entry('key')).toMatchObject({ state: 'stale', ageMs: 1_499 });
    await clock.advance(1);
    expect(await reader.entry('key')).toBeUndefined();
  });

  it('keeps a life without end', async () => {
    const { reader, clock, l2 } = await setUp();
    await createCache({ namespace: 'shop', ttlMs: Infinity, clock, l2 }).set('key', 1);
    await clock.advance(1e12);

    expect(await reader.entry('key')).toMatchObject({ state: 'fresh', ageMs: 1e12 });
  });

  it('counts as new when its stamp lies up to 5 s in the future, and as absent beyond', async () => {
    const { reader, clock } = await setUp();
    clock.shiftEpoch(-5_000);
    expect(await reader.entry('key')).toMatchObject({ state: 'fresh', ageMs: 0 });

    clock.shiftEpoch(-1);
    expect(await reader.entry('key')).toBeUndefined();
  });

  it('is an error and a miss when it is cut off anywhere', async () => {
    const { reader, l2, envelope, events } = await setUp();
    for (let length = 0; length < envelope.length; length += 1) {
      l2.entries.set(stored, envelope.subarray(0, length));
      expect(await reader.get('key')).toBeUndefined();
    }

    expect(reader.statistics().tiers.l2).toMatchObject({ hits: 0, misses: 0, errors: envelope.length });
    expect(events).toHaveLength(envelope.length);
  });

  it.each([
    ['is no bytes', () => 'text', 'not made of bytes'],
    ['is not ours', () => Buffer.alloc(100), 'not ours'],
    ['has another layout', (envelope: Buffer) => patched(envelope, 2, 4), 'unknown layout 4'],
    ['is of another codec', (envelope: Buffer) => patched(envelope, 105, 9), 'by the codec 9, not 1'],
    ['has a damaged time', (envelope: Buffer) => envelope.fill(0xff, 28, 36), 'damaged header'],
    [
      'has a damaged value',
      (envelope: Buffer) => patched(envelope, 116, 0),
      'cannot be decoded by the codec 1',
    ],
  ])('is an error and a miss when it %s', async (_what, spoil, message) => {
    const { reader, l2, envelope, events } = await setUp();
    l2.entries.set(stored, spoil(envelope));

    expect(await reader.get('key')).toBeUndefined();
    expect(events).toMatchObject([{ type: 'entry-corrupted', tier: 'l2', key: 'key' }]);
    expect(String((events[0] as { error: unknown }).error)).toContain(message);
  });

  it('is an error and a miss when the codec makes undefined of it', async () => {
    const { clock, l2 } = await setUp();
    const codec = { id: 99, encode: () => Buffer.from('x'), decode: () => undefined };
    await createCache({ namespace: 'shop', clock, l2, codec, ttlMs: 1_000 }).set('key', 1);
    const reader = createCache({ namespace: 'shop', ttlMs: 1, clock, l2, codec });

    expect(await reader.get('key')).toBeUndefined();
    expect(reader.statistics().tiers.l2).toMatchObject({ errors: 1 });
  });
});

describe('jsonCodec', () => {
  it.each([undefined, () => 1, Symbol('key'), 1n])('refuses what JSON has no text for: %s', (value) => {
    expect(() => jsonCodec.encode(value)).toThrow(TypeError);
  });
});

function patched(envelope: Buffer, offset: number, byte: number): Buffer {
  envelope[offset] = byte;
  return envelope;
}
