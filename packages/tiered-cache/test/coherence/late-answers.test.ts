import { settle } from '@holdfast/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { counted } from '../rig.ts';
import { ScriptedStore } from '../scripted-store.ts';
import { Fleet, type Node } from './fleet.ts';

let fleet: Fleet;
let a: Node;
let b: Node;

const slow = { replyMs: 50 };

async function start(node: Node): Promise<Node> {
  await fleet.during(node.cache.get('warm', () => 1));
  await settle();
  return node;
}

beforeEach(async () => {
  fleet = new Fleet(0);
  a = await start(fleet.add());
  b = await start(fleet.add());
});

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

describe('an answer that comes after an invalidation', () => {
  it('that a load was stored does not put it into memory', async () => {
    a.store.fate = (operation) => (operation === 'fill' ? slow : {});
    const loading = a.cache.get('key', () => 'old');
    await fleet.clock.advance(10);
    expect(fleet.server.value('key')).toBeDefined();
    await b.cache.delete('key');
    await fleet.clock.advance(100);

    expect(await loading).toBe('old');
    expect([a.cache.peek('key'), await a.cache.get('key')]).toEqual([undefined, undefined]);
  });
});

describe('a read that waits while its process invalidates the key', () => {
  it('leaves nothing in memory that it was answered between a clear and its acknowledgement', async () => {
    await b.cache.set('key', 'old');
    await settle();
    a.store.fate = (operation) => ({ get: { replyMs: 20 }, clear: { requestMs: 50 } })[operation] ?? {};
    const reading = a.cache.get('key');
    await fleet.clock.advance(10);
    const clearing = a.cache.clear();
    await fleet.clock.advance(20);
    expect(a.cache.peek('key')).toBeUndefined();

    await fleet.clock.advance(100);
    await Promise.all([reading, clearing]);
  });

  it('is given no stale value that it was answered after a delete', async () => {
    await fleet[Symbol.asyncDispose]();
    fleet = new Fleet(0, { ttlMs: 100, staleWhileRevalidateMs: 60_000 });
    a = await start(fleet.add({ l1: false }));
    await a.cache.set('key', 'old');
    await fleet.clock.advance(150);
    a.store.fate = (operation) => (operation === 'get' ? slow : {});
    const reading = a.cache.get('key', () => 'new');
    await fleet.clock.advance(10);
    await a.cache.delete('key');
    await fleet.clock.advance(200);

    expect(await reading).toBe('new');
  });
});

describe('a load that begins while the key is being deleted', () => {
  it.each([
    ['taken', {}],
    ['not taken', { fails: 'before' as const }],
  ])('gives nothing that the server holds until the delete is %s', async (_what, outcome) => {
    a.store.fate = (operation) =>
      ({ acquire: { replyMs: 20 }, delete: { requestMs: 50, ...outcome } })[operation] ?? {};
    const early = a.cache.get('key', () => 'new');
    await fleet.clock.advance(5);
    await b.cache.set('key', 'old');
    await fleet.clock.advance(5);
    const deleted = a.cache.delete('key');
    await fleet.clock.advance(15);
    // Shares the load that the early one begins anew.
    const late = a.cache.get('key', () => 'new');
    await fleet.clock.advance(1_500);
    await Promise.all([early, deleted]);

    expect(await late).toBe('new');
  });
});

describe('an answer that comes after a newer one', () => {
  it('does not replace it in memory', async () => {
    await fleet[Symbol.asyncDispose]();
    fleet = new Fleet(0, { ttlMs: 100, staleIfErrorMs: 60_000 });
    a = await start(fleet.add());
    b = await start(fleet.add());
    await a.cache.set('key', 'older');
    await fleet.clock.advance(150);
    const loading = b.cache.get(
      'key',
      () => new Promise<string>((resolve) => void fleet.clock.schedule(() => resolve('newer'), 40)),
    );
    await fleet.clock.advance(5);
    const waiting = a.cache.get('key', () => 'not needed');
    await fleet.clock.advance(1);
    a.store.fate = (operation) => (operation === 'get' ? { replyMs: 80 } : {});
    const reading = a.cache.get('key');
    await fleet.clock.advance(70);
    expect([await loading, await waiting, a.cache.peek('key')]).toEqual(['newer', 'newer', 'newer']);

    await fleet.clock.advance(20);
    await reading;
    expect(a.cache.peek('key')).toBe('newer');
  });
});

describe('what a process has done itself', () => {
  it.each(['clear', 'deleteTag'] as const)(
    'is known before the log tells it: what is loaded right after an own %s is good for all',
    async (change) => {
      a.store.fate = (operation) => (operation === 'read' ? slow : {});
      await a.cache[change]('red');
      await a.cache.get('key', () => 'new', { tags: ['red'] });
      await fleet.clock.advance(200);
      const load = counted(() => 'not needed');

      expect([a.cache.peek('key'), await b.cache.get('key', load)]).toEqual(['new', 'new']);
      expect(load.calls).toBe(0);
    },
  );

  it('is known before the log tells it: what is loaded right after an own delete is good in a durable tier', async () => {
    const { cache, store } = await start(fleet.add({ l3: new ScriptedStore(fleet.clock) }));
    store.fate = (operation) => (operation === 'read' ? slow : {});
    await cache.delete('key');
    await cache.get('key', () => 'new');
    await fleet.clock.advance(200);
    fleet.server.values.clear();
    await cache.expire('another');

    expect(await fleet.during(cache.get('key', () => 'not needed'))).toBe('new');
  });
});
