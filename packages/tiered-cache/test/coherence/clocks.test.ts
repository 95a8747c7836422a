import { settle } from '@holdfast/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Fleet, type Node } from './fleet.ts';

const hourMs = 3_600_000;
const red = { tags: ['red'] };

let fleet: Fleet;
let a: Node;

beforeEach(async () => {
  fleet = new Fleet(0, { ttlMs: 24 * hourMs, staleWhileRevalidateMs: hourMs });
  a = fleet.add();
  await fleet.during(a.cache.get('warm', () => 1));
});

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

async function skewed(ms: number): Promise<Node> {
  const node = fleet.add({ clock: fleet.skewed(ms) });
  await fleet.during(node.cache.get('warm', () => 1));
  await settle();
  return node;
}

describe.each([
  ['an hour ahead', hourMs],
  ['an hour behind', -hourMs],
  ['3 s ahead', 3_000],
  ['3 s behind', -3_000],
])('a process whose wall clock is %s', (_what, skewMs) => {
  it.each(['delete', 'expire', 'deleteTag', 'expireTag', 'clear', 'set'] as const)(
    'gives nothing out as fresh that another one has invalidated: %s',
    async (change) => {
      const b = await skewed(skewMs);
      for (const node of [a, b]) {
        await node.cache.set('key', 'old', red);
        await settle();
        await b.cache.get('key');
        await fleet.clock.advance(10);
        const changing = {
          delete: () => a.cache.delete('key'),
          expire: () => a.cache.expire('key'),
          deleteTag: () => a.cache.deleteTag('red'),
          expireTag: () => a.cache.expireTag('red'),
          clear: () => a.cache.clear(),
          set: () => a.cache.set('key', 'new'),
        };
        await changing[change]();
        await settle();

        expect([b.cache.peek('key'), await b.cache.get('key')]).not.toContain('old');
      }
    },
  );

  it.each(['deleteTag', 'expireTag', 'clear', 'delete'] as const)(
    'invalidates for all others: %s',
    async (change) => {
      const b = await skewed(skewMs);
      await a.cache.set('key', 'old', red);
      await b.cache[change](change === 'delete' ? 'key' : 'red');
      await settle();
      const late = fleet.add();

      expect([a.cache.peek('key'), await a.cache.get('key'), await late.cache.get('key')]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    },
  );

  it('keeps tags that were invalidated during its load dead on arrival', async () => {
    const b = await skewed(skewMs);
    const loading = b.cache.get(
      'key',
      () => new Promise<string>((resolve) => void fleet.clock.schedule(() => resolve('old'), 50)),
      red,
    );
    await fleet.clock.advance(10);
    await a.cache.deleteTag('red');
    await fleet.clock.advance(100);
    await loading;

    expect([await a.cache.get('key'), await b.cache.get('key')]).toEqual([undefined, undefined]);
  });

  it('prolongs no life by more than 5 s, and never that of its own values', async () => {
    const b = await skewed(skewMs);
    await b.cache.set('own', 1, { ttlMs: 10_000, staleWhileRevalidateMs: 0 });
    await a.cache.set('foreign', 1, { ttlMs: 10_000, staleWhileRevalidateMs: 0 });
    await settle();
    await b.cache.get('foreign');
    await fleet.clock.advance(9_999);
    expect(b.cache.peek('own')).toBe(1);

    await fleet.clock.advance(1);
    expect(b.cache.peek('own')).toBeUndefined();
    await fleet.clock.advance(5_000);
    expect(b.cache.peek('foreign')).toBeUndefined();
  });
});

describe('a process that holds a stale value', () => {
  it('gives one that another process has loaded since instead, whose wall clock is behind', async () => {
    await fleet[Symbol.asyncDispose]();
    fleet = new Fleet(0, { ttlMs: 24 * hourMs, staleIfErrorMs: 24 * hourMs });
    a = fleet.add();
    await fleet.during(a.cache.get('warm', () => 1));
    const b = await skewed(-hourMs);
    await a.cache.set('key', 'first');
    await a.cache.expire('key');
    await fleet.clock.advance(5);
    await b.cache.get('key', () => 'second');
    await b.cache.expire('key');
    await settle();

    expect(await a.cache.get('key', () => Promise.reject(new Error('source down')))).toBe('second');
  });

  it('takes what another one has loaded since, whose wall clock is behind', async () => {
    const b = await skewed(-hourMs);
    await a.cache.set('key', 'old');
    await fleet.clock.advance(5);
    await a.cache.expire('key');
    await settle();
    await b.cache.get('key', () => 'new');
    await settle();
    expect(await b.cache.get('key')).toBe('new');

    expect(await a.cache.get('key', () => 'not needed')).toBe('old');
    await settle();
    expect(a.cache.peek('key')).toBe('new');
  });
});
