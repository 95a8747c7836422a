import { settle } from '@holdfast/core/testing';
import type { TieredCacheOptions } from '@holdfast/tiered-cache';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { counted } from '../rig.ts';
import { ScriptedStore } from '../scripted-store.ts';
import { failing, Fleet, hanging, maxStalenessMs, type Node, working } from './fleet.ts';

let fleet: Fleet;
let a: Node;
let b: Node;
let l3: ScriptedStore;

const red = { tags: ['red'] };
const evict = (): void => fleet.server.values.clear();

/** Another process over the durable tier, as after a restart. */
async function restarted(options: Partial<TieredCacheOptions> = {}): Promise<Node> {
  const node = fleet.add({ l3, ...options });
  await fleet.during(node.cache.get('warm', () => 1));
  await settle();
  return node;
}

/** Two processes, of which the first has a durable tier. */
beforeEach(async () => {
  fleet = new Fleet(0, { ttlMs: 10_000, staleIfErrorMs: 10_000 });
  l3 = new ScriptedStore(fleet.clock);
  a = await restarted();
  b = fleet.add();
  await fleet.during(b.cache.get('warm', () => 1));
  await settle();
});

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

describe('a durable tier beside a shared one', () => {
  it('answers for what the shared tier has lost, and gives it back to all with the life that is left', async () => {
    await a.cache.get('key', () => 'value');
    await fleet.clock.advance(9_000);
    evict();
    const { cache } = await restarted();
    const load = counted(() => 'not needed');

    expect(await cache.get('key', load)).toBe('value');
    expect(cache.statistics().lookups).toMatchObject({ l3Hit: 2 });
    await settle();
    expect(fleet.server.value('key')).toBeDefined();
    await fleet.clock.advance(1_000);
    expect(cache.peek('key')).toBeUndefined();
    expect(load.calls).toBe(0);
  });

  it('is filled by loads and by sets that the shared tier has taken, and outlives a restart', async () => {
    await b.cache.delete('anything');
    await settle();
    await a.cache.get('loaded', () => 1);
    await a.cache.set('set', 2);
    await settle();

    expect([...l3.entries.keys()].toSorted()).toEqual(['n:v:loaded', 'n:v:set', 'n:v:warm']);
    evict();
    expect(await (await restarted()).cache.getMany(['loaded', 'set'])).toEqual(
      new Map([
        ['loaded', 1],
        ['set', 2],
      ]),
    );
  });

  it('loses what the shared tier refused, or did not take', async () => {
    await a.cache.set('refused', 'old', { version: 1 });
    await b.cache.set('refused', 'newer', { version: 3 });
    await a.cache.set('refused', 'old again', { version: 2 });
    await a.cache.set('queued', 'old');
    a.store.fate = (operation) => (operation === 'set' ? failing() : {});
    await a.cache.set('queued', 'new');
    await settle();

    expect([...l3.entries.keys()]).toEqual(['n:v:warm']);
    a.store.fate = working;
    await fleet.clock.advance(1_100);
  });

  it.each(['delete', 'set', 'expire', 'deleteTag', 'clear'] as const)(
    'is not believed about what another process has changed while this one was gone: %s',
    async (change) => {
      await a.cache.set('key', 'old', red);
      await fleet.during(a.cache[Symbol.asyncDispose]());
      await fleet.clock.advance(5);
      const changing = {
        delete: () => b.cache.delete('key'),
        set: () => b.cache.set('key', 'new'),
        expire: () => b.cache.expire('key'),
        deleteTag: () => b.cache.deleteTag('red'),
        clear: () => b.cache.clear(),
      };
      await changing[change]();
      evict();

      expect(await (await restarted()).cache.get('key')).toBeUndefined();
    },
  );

  it('is not believed about anything from before what the log still knows', async () => {
    await a.cache.set('key', 'old');
    await fleet.during(a.cache[Symbol.asyncDispose]());
    await b.cache.delete('key');
    await b.cache.delete('other');
    fleet.server.log = fleet.server.log.slice(-1);
    evict();

    expect(await (await restarted()).cache.get('key')).toBeUndefined();
  });

  it('is not believed about anything from before the shared tier forgot everything', async () => {
    await a.cache.set('key', 'old');
    await fleet.during(a.cache[Symbol.asyncDispose]());
    fleet.server.flush();

    expect(await (await restarted()).cache.get('key')).toBeUndefined();
  });

  it('is believed about what nobody has changed', async () => {
    await a.cache.set('kept', 'value', red);
    await settle();
    await fleet.during(a.cache[Symbol.asyncDispose]());
    await b.cache.deleteTag('blue');
    await b.cache.delete('other');
    evict();

    expect(await (await restarted()).cache.get('kept')).toBe('value');
  });

  it('is not believed while the log cannot be read, unless what is unverified is welcome', async () => {
    await a.cache.get('key', () => 'old');
    const strict = await restarted({ l1: false });
    const lenient = await restarted({ l1: false, unverified: 'serve' });
    for (const { store } of [strict, lenient]) store.fate = failing;
    await fleet.clock.advance(maxStalenessMs + 200);

    expect([await strict.cache.get('key'), await lenient.cache.get('key')]).toEqual([undefined, 'old']);
  });

  it('is not believed before the log was read for the first time', async () => {
    await a.cache.get('key', () => 'old');
    await b.cache.delete('key');
    const { cache, store } = fleet.add({ l3 });
    store.fate = (operation) => (operation === 'read' ? hanging() : {});
    const reading = cache.get('key', () => 'loaded');
    await fleet.clock.advance(600);

    expect(await reading).toBe('loaded');
  });

  it('does not bring back what its process has cleared, though it takes longer to clear than the shared tier', async () => {
    await a.cache.set('key', 'old');
    l3.fate = (operation) => (operation === 'clear' ? { delayMs: 100 } : {});
    const clearing = a.cache.clear();
    const reading = a.cache.get('key');
    await fleet.clock.advance(200);
    await clearing;

    expect(await reading).toBeUndefined();
  });

  it('does not bring back what its process is setting, whether the shared tier takes it or not', async () => {
    for (const fate of [{ requestMs: 50 }, { requestMs: 50, fails: 'before' as const }]) {
      await a.cache.set('key', 'old');
      await settle();
      a.store.fate = (operation) => (operation === 'set' ? fate : {});
      const setting = a.cache.set('key', 'new');
      const reading = a.cache.get('key', () => 'new');
      await fleet.clock.advance(400);
      await setting;
      a.store.fate = working;
      await fleet.clock.advance(1_100);

      expect(await reading).toBe('new');
    }
  });

  it('keeps no value that a tag was deleted of before the set was through', async () => {
    a.store.fate = (operation) => (operation === 'set' ? { requestMs: 50 } : {});
    const setting = a.cache.set('key', 'old', red);
    await fleet.clock.advance(10);
    await b.cache.deleteTag('red');
    await fleet.clock.advance(100);
    await setting;
    evict();

    expect(await (await restarted()).cache.get('key')).toBeUndefined();
  });

  it('that all share keeps what one process has set, whatever the others hear of it', async () => {
    const other = await restarted();
    await a.cache.set('key', 'value');
    await fleet.clock.advance(50);
    evict();

    expect(l3.entries.has('n:v:key')).toBe(true);
    expect(await other.cache.get('key')).toBe('value');
  });

  it('keeps nothing that was loaded before the shared tier was ever met', async () => {
    const { cache, store } = fleet.add({ l3 });
    store.fate = failing;
    expect(await cache.get('key', () => 'loaded')).toBe('loaded');
    await settle();

    expect(l3.entries.has('n:v:key')).toBe(false);
    store.fate = working;
  });

  it('has a slow or failing day without anybody being told what is wrong', async () => {
    l3.fate = () => ({ fails: 'before' });
    await a.cache.set('key', 'value', red);
    await a.cache.deleteTag('red');
    const load = counted(() => 'loaded');

    expect(await a.cache.get('key', load)).toBe('loaded');
    expect(await b.cache.get('key', load)).toBe('loaded');
    expect(load.calls).toBe(1);
    l3.fate = () => ({});
    await fleet.clock.advance(5_000);
    expect(await (await restarted()).cache.get('key', load)).toBe('loaded');
  });
});
