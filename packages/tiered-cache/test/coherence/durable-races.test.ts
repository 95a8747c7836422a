import { settle } from '@holdfast/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ScriptedStore } from '../scripted-store.ts';
import { failing, Fleet, hanging, type Node, working } from './fleet.ts';

let fleet: Fleet;
let a: Node;
let b: Node;
let l3: ScriptedStore;

async function start(node: Node): Promise<Node> {
  await fleet.during(node.cache.get('warm', () => 1));
  await settle();
  return node;
}

/** Two processes, of which the first holds `'old'` under `'key'` in a durable tier, and nobody holds it elsewhere. */
beforeEach(async () => {
  fleet = new Fleet(0, { l1: false });
  l3 = new ScriptedStore(fleet.clock);
  a = await start(fleet.add({ l3 }));
  b = await start(fleet.add());
  await a.cache.get('key', () => 'old');
  await settle();
  fleet.server.values.clear();
});

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

describe('what moves up from a durable tier', () => {
  it('is judged by its key, whoever reads it: its process may not have heard yet that it was deleted', async () => {
    const c = await start(fleet.add());
    a.store.fate = (operation) => (operation === 'read' ? hanging() : {});
    await fleet.clock.advance(150);
    await b.cache.delete('key');
    expect(await a.cache.get('key')).toBe('old');
    await settle();
    expect(fleet.server.value('key')).toBeDefined();

    expect([await b.cache.get('key'), await c.cache.get('key')]).toEqual([undefined, undefined]);
    expect(await b.cache.get('key', () => 'new')).toBe('new');
  });

  it('takes nobody the lease and is no change to anybody', async () => {
    const loading = b.cache.get(
      'key',
      () => new Promise<string>((resolve) => void fleet.clock.schedule(() => resolve('loaded'), 50)),
    );
    await fleet.clock.advance(10);
    const logged = fleet.server.log.length;
    expect(await a.cache.get('key')).toBe('old');
    await fleet.clock.advance(100);

    expect([await loading, await b.cache.get('key')]).toEqual(['loaded', 'loaded']);
    expect(fleet.server.log).toHaveLength(logged);
  });
});

describe('a durable tier', () => {
  it('is not believed about a key that is being set while the shared tier is left alone', async () => {
    const fates = { set: { requestMs: 200 }, get: failing() };
    a.store.fate = (operation) => (fates as Record<string, object>)[operation] ?? {};
    const setting = a.cache.set('key', 'new');
    for (let failures = 0; failures < 3; failures += 1) await a.cache.get('other');
    const reading = a.cache.get('key');
    await fleet.clock.advance(10);

    expect(await reading).toBeUndefined();
    await fleet.clock.advance(500);
    await setting;
    a.store.fate = working;
  });

  it('that all share is not believed about what its process has deleted, though the shared tier has not taken that', async () => {
    const other = await start(fleet.add({ l3 }));
    await a.cache.delete('key');
    const loading = other.cache.get(
      'key',
      () => new Promise<string>((resolve) => void fleet.clock.schedule(() => resolve('old'), 50)),
    );
    await fleet.clock.advance(10);
    a.store.fate = (operation) => (operation === 'delete' ? failing() : {});
    expect(await a.cache.delete('key')).toMatchObject({ l2: 'queued' });
    await fleet.clock.advance(100);
    expect([await loading, l3.entries.has('n:v:key')]).toEqual(['old', true]);

    expect(await a.cache.get('key')).toBeUndefined();
    a.store.fate = working;
  });
});
