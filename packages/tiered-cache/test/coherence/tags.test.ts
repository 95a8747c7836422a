import { settle } from '@holdfast/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ScriptedStore } from '../scripted-store.ts';
import { failing, Fleet, type Node, working } from './fleet.ts';

let fleet: Fleet;
let a: Node;
let b: Node;

const red = { tags: ['red'] };
const fail = (): never => {
  throw new Error('source down');
};

async function start(options: ConstructorParameters<typeof Fleet>[1] = {}): Promise<void> {
  fleet = new Fleet(0, options);
  a = fleet.add();
  b = fleet.add();
  for (const { cache } of fleet.nodes) await fleet.during(cache.get('warm', () => 1));
  await settle();
}

beforeEach(() => start());

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

describe('a tag that is deleted', () => {
  it('is gone for its process from the call on, though the server has not answered', async () => {
    await a.cache.set('key', 'old', red);
    a.store.fate = (operation) => (operation === 'invalidateTags' ? { requestMs: 50 } : {});
    void a.cache.deleteTag('red');

    expect(a.cache.peek('key')).toBeUndefined();
    expect(await a.cache.get('key')).toBeUndefined();
    expect((await a.cache.getMany(['key'])).size).toBe(0);
    await fleet.clock.advance(100);
  });

  it('spares what is loaded after the call', async () => {
    a.store.fate = (operation) => (operation === 'invalidateTags' ? { requestMs: 50 } : {});
    void a.cache.deleteTag('red');
    await a.cache.get('key', () => 'new', red);
    expect(a.cache.peek('key')).toBe('new');

    await b.cache.deleteTag('blue');
    await settle();
    expect(a.cache.peek('key')).toBe('new');
    await fleet.clock.advance(100);
  });

  it('is gone from the second call on, though only the first one has been answered', async () => {
    a.store.fate = (operation) => (operation === 'invalidateTags' ? { replyMs: 20 } : {});
    const first = a.cache.deleteTag('red');
    await fleet.clock.advance(5);
    await a.cache.get('key', () => 'between', red);
    a.store.fate = (operation) => (operation === 'invalidateTags' ? { requestMs: 50 } : {});
    const second = a.cache.deleteTag('red');
    await fleet.clock.advance(20);
    await first;
    expect(a.cache.peek('key')).toBeUndefined();

    await fleet.clock.advance(100);
    await second;
  });

  it('is gone for its process also while the server does not take it', async () => {
    await b.cache.set('key', 'old', red);
    a.store.fate = (operation) => (operation === 'invalidateTags' ? failing() : {});
    expect(await a.cache.deleteTag('red')).toMatchObject({ l2: 'queued' });

    expect(await a.cache.get('key')).toBeUndefined();
    expect(a.cache.statistics().tiers.l2).toMatchObject({ queued: 1 });
    a.store.fate = working;
    await fleet.clock.advance(1_100);
    expect(a.cache.statistics().tiers.l2).toMatchObject({ queued: 0 });
    expect(await b.cache.get('key')).toBeUndefined();
    await b.cache.get('key', () => 'new', red);
    expect(await a.cache.get('key')).toBe('new');
  });

  it('is forgotten with everything else once that is cleared', async () => {
    a.store.fate = (operation) => (operation === 'invalidateTags' ? failing() : {});
    await a.cache.deleteTag('red');
    a.store.fate = working;
    await a.cache.clear();
    await fleet.clock.advance(2_000);
    await b.cache.get('key', () => 'new', red);

    expect(await a.cache.get('key')).toBe('new');
  });

  it('is dead on arrival for a load that began before it, in every process', async () => {
    const loading = a.cache.get(
      'key',
      () => new Promise<string>((resolve) => void fleet.clock.schedule(() => resolve('old'), 50)),
      red,
    );
    await fleet.clock.advance(10);
    await b.cache.deleteTag('red');
    await fleet.clock.advance(100);

    expect(await loading).toBe('old');
    for (const { cache } of [a, b, fleet.add()]) expect(await cache.get('key')).toBeUndefined();
  });

  it('does not let what bears it stand in for a load that fails meanwhile', async () => {
    await fleet[Symbol.asyncDispose]();
    await start({ ttlMs: 100, staleIfErrorMs: 60_000 });
    await a.cache.set('key', 'old', red);
    await fleet.clock.advance(150);
    const reading = a.cache
      .get('key', async () => {
        await new Promise<void>((resolve) => void fleet.clock.schedule(resolve, 50));
        return fail();
      })
      .catch(String);
    await fleet.clock.advance(10);
    await a.cache.deleteTag('red');
    await fleet.clock.advance(100);

    expect(await reading).toBe('Error: source down');
  });

  it('stays deleted when it is expired before the server has answered', async () => {
    await fleet[Symbol.asyncDispose]();
    await start({ staleIfErrorMs: 60_000 });
    await a.cache.set('key', 'old', red);
    a.store.fate = (operation) => (operation === 'invalidateTags' ? { requestMs: 50 } : {});
    const changes = [a.cache.deleteTag('red'), a.cache.expireTag('red')];

    await expect(a.cache.get('key', fail)).rejects.toThrow('source down');
    await fleet.clock.advance(100);
    await Promise.all(changes);
    await expect(a.cache.get('key', fail)).rejects.toThrow('source down');
  });

  it('stays deleted for a process that came later and hears only that it was expired', async () => {
    await fleet[Symbol.asyncDispose]();
    await start({ staleIfErrorMs: 60_000 });
    await a.cache.set('key', 'old', red);
    await a.cache.deleteTag('red');
    await fleet.clock.advance(5);
    const { cache } = fleet.add();
    await fleet.during(cache.get('warm', () => 1));
    await a.cache.expireTag('red');
    await settle();

    await expect(cache.get('key', fail)).rejects.toThrow('source down');
  });
});

describe('a process that has to ask about a tag', () => {
  async function latecomer(): Promise<Node> {
    const node = fleet.add();
    await fleet.during(node.cache.get('warm', () => 1));
    return node;
  }

  it('believes nothing that bears it while there is no answer', async () => {
    await a.cache.set('key', 'old', red);
    await a.cache.deleteTag('red');
    const { cache, store } = await latecomer();
    store.fate = (operation) => (operation === 'tags' ? failing() : {});

    expect(await cache.get('key')).toBeUndefined();
  });

  it('believes nothing that bears it where the server has forgotten everything before it answered', async () => {
    await a.cache.set('key', 'old', red);
    await a.cache.deleteTag('red');
    const { cache, store } = await latecomer();
    store.fate = (operation) => (operation === 'tags' ? { requestMs: 20 } : {});
    const reading = cache.get('key');
    await fleet.clock.advance(10);
    fleet.server.tagStates.clear();
    fleet.server.loseState();
    await fleet.clock.advance(50);

    expect(await reading).toBeUndefined();
  });

  it('does not forget for an older answer what it has heard meanwhile', async () => {
    await a.cache.set('key', 'old', red);
    const { cache, store } = await latecomer();
    store.fate = (operation) => (operation === 'tags' ? { replyMs: 20 } : {});
    const early = cache.get('key');
    await fleet.clock.advance(10);
    await a.cache.deleteTag('red');
    await fleet.clock.advance(50);
    await early;

    expect([cache.peek('key'), await cache.get('key')]).toEqual([undefined, undefined]);
  });
});

describe('tags that the server does not take', () => {
  it('are a clear instead when there are more than 10,000 of them', async () => {
    await a.cache.set('key', 'old', { tags: ['tag 0'] });
    a.store.fate = failing;
    for (let tag = 0; tag <= 10_000; tag += 1) await a.cache.deleteTag(`tag ${tag}`);
    a.store.fate = working;
    a.store.operations.length = 0;
    await fleet.clock.advance(2_000);

    expect(a.store.operations.filter((operation) => operation === 'clear')).toHaveLength(1);
    expect(await b.cache.get('key')).toBeUndefined();
  });
});

describe('a tag that is expired', () => {
  it('makes fresh values stale, and leaves what was deleted deleted', async () => {
    await fleet[Symbol.asyncDispose]();
    await start({ staleIfErrorMs: 60_000 });
    await a.cache.set('kept', 'old', red);
    await a.cache.set('deleted', 'old', red);
    await a.cache.delete('deleted');
    await a.cache.expireTag('red');
    await settle();

    for (const { cache } of [a, b]) {
      expect(await cache.get('kept')).toBeUndefined();
      expect(await cache.get('kept', fail)).toBe('old');
      await expect(cache.get('deleted', fail)).rejects.toThrow('source down');
    }
  });

  it('ends the stale time as long after the expiry as any', async () => {
    await fleet[Symbol.asyncDispose]();
    await start({ staleIfErrorMs: 300 });
    await a.cache.set('key', 'old', red);
    await fleet.clock.advance(100);
    await a.cache.expireTag('red');
    await fleet.clock.advance(299);
    expect(await b.cache.get('key', fail)).toBe('old');

    await fleet.clock.advance(1);
    await expect(b.cache.get('key', fail)).rejects.toThrow('source down');
    await expect(a.cache.get('key', fail)).rejects.toThrow('source down');
  });
});

describe('the tables of what was invalidated', () => {
  it('forget tags without ever believing what bears one of them', async () => {
    await a.cache.set('first', 'old', { tags: ['first'] });
    await a.cache.set('other', 'old', { tags: ['other'] });
    await a.cache.deleteTag('first');
    const many = Array.from({ length: 100_100 }, (_, index) => `tag ${index}`);
    for (let index = 0; index < many.length; index += 1_000)
      fleet.server.invalidateTags(many.slice(index, index + 1_000), 'delete-tags', { origin: 'elsewhere' });
    await fleet.clock.advance(1_000);
    b.store.operations.length = 0;

    expect(a.cache.peek('first')).toBeUndefined();
    expect([await b.cache.get('first'), await b.cache.get('other')]).toEqual([undefined, 'old']);
    expect(b.store.operations.filter((operation) => operation === 'tags')).toHaveLength(2);
  });

  it('forget keys without ever believing a durable tier about one of them', async () => {
    const l3 = new ScriptedStore(fleet.clock);
    const { cache } = fleet.add({ l3 });
    await fleet.during(cache.get('key', () => 'old'));
    l3.fate = (operation) => (operation === 'delete' ? { fails: 'before' } : {});
    await a.cache.delete('key');
    await settle();
    l3.fate = () => ({});
    const many = Array.from({ length: 100_100 }, (_, index) => `key ${index}`);
    const terms = { origin: 'elsewhere', settleMs: 0 };
    for (let index = 0; index < many.length; index += 1_000)
      fleet.server.delete(many.slice(index, index + 1_000), terms).tell();
    await fleet.clock.advance(1_000);

    expect(await cache.get('key')).toBeUndefined();
  });

  it('believe nothing that bears a tag and is older than what the server remembers', async () => {
    await a.cache.set('tagged', 'old', red);
    await a.cache.set('plain', 'old');
    fleet.server.loseTags();
    await fleet.clock.advance(600);

    for (const { cache } of [a, b, fleet.add()])
      expect(await cache.getMany(['tagged', 'plain'])).toEqual(new Map([['plain', 'old']]));
  });
});
