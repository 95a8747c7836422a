import { settle } from '@holdfast/core/testing';
import { createCache, MemoryCache } from '@holdfast/tiered-cache';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { counted, neighbour, setUp, setUpL2 } from '../rig.ts';
import { failing, Fleet, hanging, maxStalenessMs, type Node } from './fleet.ts';

const alone = { l2: undefined, l3: undefined } as const;
const red = { tags: ['red'] };
const fail = (): never => {
  throw new Error('source down');
};

let fleet: Fleet;
let a: Node;
let b: Node;
let truth: string;

/** Reads the truth at once and takes a while to come back with it. */
const slowly = async (): Promise<string> => {
  const read = truth;
  await new Promise<void>((resolve) => void fleet.clock.schedule(resolve, 50));
  return read;
};

beforeEach(async () => {
  truth = 'old';
  fleet = new Fleet(0);
  a = fleet.add();
  b = fleet.add();
  for (const { cache } of fleet.nodes) await fleet.during(cache.get('warm', () => 1));
  await settle();
});

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

describe('an invalidation and a load that was under way', () => {
  it.each(['delete', 'expire', 'deleteTag', 'clear', 'set'] as const)(
    'leaves nothing of the load in the shared tier or in any memory: %s',
    async (change) => {
      const loading = a.cache.get('key', slowly, red);
      await fleet.clock.advance(10);
      truth = 'new';
      const changing = {
        delete: () => b.cache.delete('key'),
        expire: () => b.cache.expire('key'),
        deleteTag: () => b.cache.deleteTag('red'),
        clear: () => b.cache.clear(),
        set: () => b.cache.set('key', 'new'),
      };
      await changing[change]();
      await fleet.clock.advance(100);

      expect(await loading).toBe('old');
      for (const { cache } of [a, b, fleet.add()]) {
        expect([undefined, 'new']).toContain(cache.peek('key'));
        expect([undefined, 'new']).toContain(await cache.get('key'));
      }
    },
  );

  it('serves nobody who asks after the delete has returned with the result of the load before it', async () => {
    const early = a.cache.get('key', slowly);
    await fleet.clock.advance(10);
    truth = 'new';
    await a.cache.delete('key');
    const late = a.cache.get('key', slowly);
    await fleet.clock.advance(200);

    expect([await early, await late, a.cache.peek('key')]).toEqual(['old', 'new', 'new']);
  });

  it('refuses a background refresh that began before it', async () => {
    await fleet[Symbol.asyncDispose]();
    fleet = new Fleet(0, { ttlMs: 100, staleWhileRevalidateMs: 60_000 });
    a = fleet.add();
    await fleet.during(a.cache.get('key', () => 'oldest', red));
    await fleet.clock.advance(150);
    expect(await a.cache.get('key', slowly, red)).toBe('oldest');
    await fleet.clock.advance(10);
    truth = 'new';
    await a.cache.deleteTag('red');
    await fleet.clock.advance(100);

    expect([a.cache.peek('key'), await a.cache.get('key', () => truth)]).toEqual([undefined, 'new']);
  });
});

describe('an invalidation and a read of the shared tier that was under way', () => {
  it('promotes nothing into memory that was answered before and comes after', async () => {
    await b.cache.set('key', 'old');
    for (const read of ['get', 'getMany'] as const) {
      a.store.fate = (operation) => (operation === 'get' || operation === 'getMany' ? { replyMs: 50 } : {});
      const reading = read === 'get' ? a.cache.get('key') : a.cache.getMany(['key', 'other']);
      await fleet.clock.advance(10);
      await b.cache.delete('key');
      await fleet.clock.advance(100);
      await reading;

      expect(a.cache.peek('key')).toBeUndefined();
      await b.cache.set('key', 'old');
      await settle();
    }
  });
});

describe('a message that was lost', () => {
  it('is made up for when the connection is back', async () => {
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    b.store.fate = (operation) => (operation === 'read' ? failing() : {});
    await fleet.clock.advance(150);
    await a.cache.set('key', 'new');
    b.store.fate = () => ({});
    await fleet.clock.advance(1_100);

    expect(await b.cache.get('key')).toBe('new');
  });

  it('is noticed by its absence when the connection is dead and says nothing', async () => {
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    b.store.fate = (operation) => (operation === 'read' ? hanging() : {});
    await fleet.clock.advance(150);
    await a.cache.set('key', 'new');
    await fleet.clock.advance(maxStalenessMs + 1);

    expect([b.cache.peek('key'), await b.cache.get('key')]).toEqual([undefined, 'new']);
  });
});

describe('two writers', () => {
  it('leave all memories in agreement with the shared tier, however their writes cross', async () => {
    for (let round = 0; round < 50; round += 1) {
      const delays = [round % 7, (round * 3) % 11];
      for (const [index, { store }] of fleet.nodes.entries())
        store.fate = (operation) =>
          operation === 'set' ? { requestMs: delays[index], replyMs: round % 5 } : {};
      const sets = fleet.nodes.map(({ cache }, index) => cache.set('key', `${round} by ${index}`));
      await fleet.clock.advance(100);
      await Promise.all(sets);
      const shared = await fleet.make({ l1: false }).cache.get('key');

      expect([await a.cache.get('key'), await b.cache.get('key')]).toEqual([shared, shared]);
    }
  });
});

describe('a tag', () => {
  it('stays deleted for entries that live for ever, however long ago it was', async () => {
    const { cache, clock } = setUp(alone);
    await cache.set('key', 'old', { ...red, ttlMs: Infinity });
    await cache.deleteTag('red');
    await clock.advance(20 * 86_400_000);

    expect([cache.peek('key'), await cache.get('key')]).toEqual([undefined, undefined]);
  });

  it('costs no operation per hit in memory', async () => {
    await a.cache.set('key', 'value', red);
    await a.cache.deleteTag('blue');
    await settle();
    a.store.operations.length = 0;
    for (let hits = 0; hits < 100; hits += 1) await a.cache.get('key');

    expect(a.store.operations.filter((operation) => operation !== 'read')).toEqual([]);
  });

  it('is invalidated by one operation, whatever bears it', async () => {
    for (let index = 0; index < 200; index += 1) await a.cache.set(`key ${index}`, index, red);
    a.store.operations.length = 0;
    await a.cache.deleteTag('red');

    expect(a.store.operations.filter((operation) => operation !== 'read')).toEqual(['invalidateTags']);
  });

  it('of which the count was lost revives nothing', async () => {
    await a.cache.set('key', 'old', red);
    await a.cache.deleteTag('red');
    fleet.server.loseTags();
    await fleet.clock.advance(600);

    for (const { cache } of [a, b, fleet.add()]) expect(await cache.get('key')).toBeUndefined();
  });
});

describe('a server that cannot be reached', () => {
  it('keeps no delete from taking effect in its process, nor from reaching the others later', async () => {
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    a.store.fate = failing;
    await a.cache.delete('key');
    expect(await a.cache.get('key')).toBeUndefined();
    a.store.fate = () => ({});
    await fleet.clock.advance(2_500);

    expect(await b.cache.get('key')).toBeUndefined();
  });

  it('hangs no read, write or batch for longer than its timeout', async () => {
    for (const { store } of fleet.nodes) store.fate = hanging;
    const settled: string[] = [];
    const done = (what: string) => (): void => void settled.push(what);
    void a.cache.get('one', () => 1).then(done('get'));
    void a.cache.getMany(['two', 'three']).then(done('getMany'));
    void a.cache.set('four', 4).then(done('set'));
    void a.cache.delete('five').then(done('delete'));
    void a.cache.deleteTag('red').then(done('deleteTag'));
    void a.cache.clear().then(done('clear'));
    await fleet.clock.advance(600);

    expect(settled.toSorted()).toEqual(['clear', 'delete', 'deleteTag', 'get', 'getMany', 'set']);
  });
});

describe('a process that dies while it loads', () => {
  it('keeps the others waiting for no longer than its lease', async () => {
    await fleet[Symbol.asyncDispose]();
    fleet = new Fleet(2, { leaseMs: 500 });
    const [dying, other] = fleet.nodes;
    if (dying === undefined || other === undefined) throw new Error('there are two');
    void dying.cache.get('key', () => new Promise(() => undefined)).catch(() => undefined);
    await fleet.clock.advance(5);
    dying.store.fate = hanging;
    const reading = other.cache.get('key', () => 'loaded');
    await fleet.clock.advance(700);

    expect(await reading).toBe('loaded');
    expect(other.cache.peek('key')).toBe('loaded');
  });
});

describe('a source that lags behind', () => {
  it('has nothing stored of it for settleMs after a delete, in any process', async () => {
    await fleet[Symbol.asyncDispose]();
    fleet = new Fleet(2, { settleMs: 300 });
    const [one, other] = fleet.nodes;
    if (one === undefined || other === undefined) throw new Error('there are two');
    await one.cache.delete('key');
    for (const { cache } of [one, other]) {
      expect(await cache.get('key', () => 'from a replica')).toBe('from a replica');
      expect(cache.peek('key')).toBeUndefined();
    }
    await fleet.clock.advance(300);
    await one.cache.get('key', () => 'settled');

    expect(await other.cache.get('key', () => 'not needed')).toBe('settled');
  });
});

describe('a stale value', () => {
  it('lives as long as its life and its stale time, however short the stale time is', async () => {
    const { cache, clock } = setUp({ ...alone, ttlMs: 3_600_000, staleIfErrorMs: 1_000 });
    await cache.set('key', 'value');
    await clock.advance(3_599_999);

    expect(cache.peek('key')).toBe('value');
    await clock.advance(1_000);
    expect(await cache.get('key', fail)).toBe('value');
  });

  it('is held off from now on when its load fails: five reads cost one load', async () => {
    const { cache, clock } = setUp({ ...alone, ttlMs: 100, staleIfErrorMs: 10_000, loadRetryMs: 300 });
    await cache.set('key', 'value');
    await clock.advance(750);
    const load = counted(fail);
    for (let reads = 0; reads < 5; reads += 1) {
      await cache.get('key', load);
      await clock.advance(50);
    }

    expect(load.calls).toBe(1);
  });

  it('has one refresh, whose result all tiers take', async () => {
    const rig = setUp({ ttlMs: 100, staleWhileRevalidateMs: 10_000 });
    await rig.cache.set('key', 'old');
    await rig.clock.advance(150);
    await rig.cache.get('key', () => 'new');
    await rig.clock.advance(1);

    expect(rig.cache.peek('key')).toBe('new');
    for (const l1 of [undefined, false] as const)
      expect(await neighbour(rig, { l1, ttlMs: 100 }).get('key')).toBe('new');
    expect(await neighbour(rig, { l2: undefined, ttlMs: 100 }).get('key')).toBe('new');
  });
});

describe('a loader that fails', () => {
  it('has its error told to all who wait, and is never run twice at once for one key', async () => {
    const { cache, clock } = setUp(alone);
    let running = 0;
    let most = 0;
    const load = async (): Promise<never> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => void clock.schedule(resolve, 10));
      running -= 1;
      return fail();
    };
    const reads: Promise<unknown>[] = [];
    for (let round = 0; round < 10; round += 1) {
      for (let callers = 0; callers < 5; callers += 1) reads.push(cache.get('key', load).catch(String));
      await clock.advance(3);
    }
    await clock.advance(50);

    expect(new Set(await Promise.all(reads))).toEqual(new Set(['Error: source down']));
    expect(most).toBe(1);
    expect(cache.peek('key')).toBeUndefined();
  });
});

describe('clear', () => {
  it('reaches the memory of every process, and what is being loaded', async () => {
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    const loading = b.cache.get('other', slowly);
    await fleet.clock.advance(10);
    await a.cache.clear();
    await fleet.clock.advance(100);
    await loading;

    for (const { cache } of [a, b, fleet.add()]) expect((await cache.getMany(['key', 'other'])).size).toBe(0);
  });

  it('spares other namespaces of the same tier, also those whose names begin alike', async () => {
    const l2 = new MemoryCache();
    const [users, usersAbc] = ['users', 'usersAbc'].map((namespace) =>
      createCache({ namespace, ttlMs: 60_000, l1: false, l2 }),
    );
    await users?.namespace('part').set('key', 1);
    await usersAbc?.set('key', 2);
    await users?.namespace('part').clear();

    expect(await usersAbc?.get('key')).toBe(2);
  });
});

describe('a key that is not there', () => {
  it('can be remembered as such, so that the source is asked once', async () => {
    const load = counted(() => null);
    for (const { cache } of [a, b, a, b]) expect(await cache.get('nobody', load)).toBeNull();

    expect(load.calls).toBe(1);
  });
});

describe('a value that moves up', () => {
  it('is served again from L2 for its remaining life only, not for a fresh one', async () => {
    const rig = setUpL2({ ttlMs: 10_000 });
    await rig.cache.set('key', 'value');
    await rig.clock.advance(9_200);
    const other = neighbour(rig, { ttlMs: 600_000, l3: undefined });
    await other.get('key', () => 'not needed');
    await rig.clock.advance(800);

    expect([other.peek('key'), await other.get('key')]).toEqual([undefined, undefined]);
  });
});
