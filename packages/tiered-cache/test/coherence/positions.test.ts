import { settle } from '@holdfast/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ScriptedStore } from '../scripted-store.ts';
import { Fleet, hanging, type Node } from './fleet.ts';

let fleet: Fleet;
let a: Node;
let b: Node;

/** Two processes that hold `'old'` under `'key'`, with the tag red, of which the second has stopped hearing. */
beforeEach(async () => {
  fleet = new Fleet(0);
  const l3 = (): ScriptedStore => new ScriptedStore(fleet.clock);
  a = fleet.add({ l3: l3() });
  b = fleet.add({ l3: l3() });
  for (const { cache } of fleet.nodes) await fleet.during(cache.get('warm', () => 1));
  await a.cache.set('key', 'old', { tags: ['red'] });
  await settle();
  await b.cache.get('key');
  b.store.fate = (operation) => (operation === 'read' ? hanging() : {});
  await fleet.clock.advance(150);
});

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

describe('a read after a position of another process', () => {
  it('gives the value that was set there', async () => {
    const { position } = await a.cache.set('key', 'new');

    expect(b.cache.peek('key')).toBe('old');
    expect(await b.cache.get('key', undefined, { after: position })).toBe('new');
    expect(b.cache.peek('key')).toBe('new');
  });

  it('gives it to each of many', async () => {
    const { position } = await a.cache.set('key', 'new');

    expect(await b.cache.getMany(['key', 'other'], undefined, { after: position })).toEqual(
      new Map([['key', 'new']]),
    );
  });

  it('gives nothing that was deleted there, by its key, its tag or with everything, in whichever tier it is', async () => {
    for (const change of ['delete', 'deleteTag', 'clear'] as const) {
      await b.cache.set('key', 'old', { tags: ['red'] });
      const { position } = await a.cache[change](change === 'delete' ? 'key' : 'red');

      expect(await b.cache.get('key', undefined, { after: position })).toBeUndefined();
    }
  });

  it('gives nothing as fresh that was expired there', async () => {
    for (const change of ['expire', 'expireTag'] as const) {
      await b.cache.set('key', 'old', { tags: ['red'] });
      const { position } = await a.cache[change](change === 'expire' ? 'key' : 'red');

      expect(await b.cache.get('key', undefined, { after: position })).toBeUndefined();
    }
  });

  it('is not misled by what this process has written since', async () => {
    const { position } = await a.cache.set('key', 'new');
    const own = await b.cache.set('other', 1);

    expect(own.position).toBeGreaterThan(position ?? 0n);
    expect(await b.cache.get('key', undefined, { after: position })).toBe('new');
  });

  it('does not join a lookup that began before', async () => {
    b.cache.peek('key');
    await b.cache.delete('key');
    await a.cache.set('key', 'old');
    b.store.fate = (operation) =>
      operation === 'get' ? { replyMs: 20 } : operation === 'read' ? hanging() : {};
    const early = b.cache.get('key');
    await fleet.clock.advance(5);
    const { position } = await a.cache.set('key', 'new');
    const late = b.cache.get('key', undefined, { after: position });
    await fleet.clock.advance(50);

    expect([await early, await late]).toEqual(['old', 'new']);
  });

  it('loads what the shared tier cannot be asked for, and believes nothing older', async () => {
    const { position } = await a.cache.set('key', 'new');
    b.store.fate = hanging;
    const reading = b.cache.get('key', () => 'loaded', { after: position });
    await fleet.clock.advance(600);

    expect(await reading).toBe('loaded');
  });

  it('is answered from memory by a process that has heard of it', async () => {
    const { position } = await b.cache.set('mine', 1);
    const { cache, store } = fleet.add();
    await fleet.during(cache.get('mine'));
    await settle();
    store.operations.length = 0;

    expect(await cache.get('mine', undefined, { after: position })).toBe(1);
    expect(store.operations.filter((operation) => operation !== 'read')).toEqual([]);
  });

  it('is told the position of each kind of write, and they grow', async () => {
    const results = [
      await a.cache.set('key', 1),
      await a.cache.delete('key'),
      await a.cache.expire('key'),
      await a.cache.deleteTag('red'),
      await a.cache.expireTag('red'),
      await a.cache.clear(),
    ];
    const positions = results.map(({ position }) => position ?? 0n);

    expect(positions.every((position, index) => position > (positions[index - 1] ?? 0n))).toBe(true);
  });
});
