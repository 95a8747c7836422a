import { settle } from '@holdfast/core/testing';
import { createCache, MemoryCache } from '@holdfast/tiered-cache';
import { afterEach, describe, expect, it } from 'vitest';

import { failing, Fleet, hanging, maxStalenessMs, working } from '../coherence/fleet.ts';

let fleet: Fleet | undefined;

/** Processes that have heard of the server. */
async function open(...options: ConstructorParameters<typeof Fleet>) {
  fleet = new Fleet(...options);
  for (const { cache } of fleet.nodes) await cache.get('warm', () => 1);
  await settle();
  const [a, b = a] = fleet.nodes;
  if (a === undefined || b === undefined) throw new Error('there is one at least');
  return { a, b, fleet };
}

const fail = (): never => {
  throw new Error('source down');
};

afterEach(async () => {
  for (const { store } of fleet?.nodes ?? []) store.fate = working;
  await fleet?.[Symbol.asyncDispose]();
  fleet = undefined;
});

describe('a position', () => {
  it.each(['set', 'delete', 'expire', 'deleteTag', 'clear'] as const)(
    'of a %s makes another process give nothing older',
    async (write) => {
      const {
        a,
        b,
        fleet: { clock },
      } = await open(2);
      await a.cache.set('key', 'old', { tags: ['red'] });
      await b.cache.get('key');
      b.store.fate = (operation) => (operation === 'read' ? hanging() : {});
      await clock.advance(200);
      const { position } = await {
        set: () => a.cache.set('key', 'new'),
        delete: () => a.cache.delete('key'),
        expire: () => a.cache.expire('key'),
        deleteTag: () => a.cache.deleteTag('red'),
        clear: () => a.cache.clear(),
      }[write]();

      expect(b.cache.peek('key')).toBe('old');
      expect(await b.cache.get('key', () => 'new', { after: position })).toBe('new');
    },
  );
});

describe('plain sets of two processes', () => {
  it('leave memory and the shared tier agreed, whichever of them came last', async () => {
    for (const delays of [
      [5, 20],
      [20, 5],
      [5, 5],
    ] as const) {
      const {
        a,
        b,
        fleet: { clock, server },
      } = await open(2);
      a.store.fate = (operation) => (operation === 'set' ? { requestMs: delays[0], replyMs: 7 } : {});
      b.store.fate = (operation) => (operation === 'set' ? { requestMs: delays[1], replyMs: 7 } : {});
      const writes = Promise.all([a.cache.set('key', 'a'), b.cache.set('key', 'b')]);
      await clock.advance(100);
      await writes;
      const found = await Promise.all([a.cache.get('key'), b.cache.get('key')]);

      expect(server.value('key')).toBeDefined();
      expect(new Set(found).size).toBe(1);
      await fleet?.[Symbol.asyncDispose]();
      fleet = undefined;
    }
  });
});

describe('a version', () => {
  it('keeps a load of an older one from being stored, also after a deletion', async () => {
    const { a, b } = await open(2);
    const old = (): Promise<string> =>
      b.cache.get('other', (context) => {
        context.version(1);
        return 'first';
      });
    await a.cache.delete('other', { version: 2 });
    await settle();

    expect([await old(), await old()]).toEqual(['first', 'first']);
    expect(await a.cache.get('other')).toBeUndefined();
    expect(b.cache.statistics().coherence.fillsRefused).toBe(2);
  });

  it('is kept and refuses nothing where no tier has a log', async () => {
    await using cache = createCache({ namespace: 'n', ttlMs: 1_000, l2: new MemoryCache() });
    await cache.set('key', 'newer', { version: 2 });

    expect(await cache.set('key', 'older', { version: 1 })).toEqual({ l1: 'applied', l2: 'applied' });
    expect(await cache.entry('key')).toMatchObject({ value: 'older', version: 1 });
  });
});

describe('settleMs', () => {
  it('holds for deletions of keys alone', async () => {
    const { a } = await open(1, { settleMs: 500 });
    await a.cache.set('key', 'old', { tags: ['red'] });
    await a.cache.deleteTag('red');
    expect(await a.cache.get('key', () => 'new')).toBe('new');
    expect(await a.cache.get('key')).toBe('new');

    await a.cache.delete('key');
    expect(await a.cache.get('key', () => 'newer')).toBe('newer');
    expect(await a.cache.get('key')).toBeUndefined();
  });
});

describe('while Redis cannot be reached', () => {
  it('lets a stale value of memory stand in for a source that is down too, as long as it is verified', async () => {
    const {
      a,
      fleet: { clock },
    } = await open(1, { ttlMs: 100, staleIfErrorMs: 600_000 });
    await a.cache.get('key', () => 'old');
    a.store.fate = failing;
    await clock.advance(200);
    expect(await a.cache.get('key', fail)).toBe('old');

    await clock.advance(maxStalenessMs);
    await expect(a.cache.get('key', fail)).rejects.toThrow('source down');
  });

  it.each([
    ['load', 'loaded'],
    ['serve', 'durable'],
  ] as const)('uses a durable tier only where unverified is serve: %s', async (unverified, found) => {
    const l3 = new MemoryCache();
    const { a, fleet: one } = await open(1, { l3, l1: false, unverified });
    await a.cache.get('key', () => 'durable');
    await settle();
    a.store.fate = failing;
    await one.clock.advance(maxStalenessMs + 200);
    expect(await a.cache.get('key', () => 'loaded')).toBe(found);

    const newcomer = one.add({ l3, l1: false, unverified });
    newcomer.store.fate = failing;
    expect(await newcomer.cache.get('key', () => 'loaded')).toBe(found);
  });

  it('holds the first read up by no more than the timeout of the tier', async () => {
    const { fleet: one } = await open(1);
    const { cache, store } = one.add({ tierTimeoutMs: 100 });
    store.fate = hanging;
    let answer: unknown;
    void cache.get('key', () => 'loaded').then((value) => (answer = value));
    await one.clock.advance(100);

    expect(answer).toBe('loaded');
  });
});

describe('a durable tier', () => {
  it('gives what the shared tier has lost, and nothing once that has lost everything', async () => {
    const l3 = new MemoryCache();
    const { a, fleet: one } = await open(1, { l3 });
    await a.cache.get('key', () => 'durable');
    await settle();
    one.server.values.delete('key');
    expect(await one.add({ l3 }).cache.get('key', () => 'loaded')).toBe('durable');

    one.server.flush();
    await one.clock.advance(600);
    expect(await one.add({ l3 }).cache.get('key', () => 'loaded')).toBe('loaded');
  });
});

describe('advice', () => {
  it('names what a cache as it is configured does not give', async () => {
    const l2 = new MemoryCache();
    const cache = createCache({ namespace: 'shop', ttlMs: 1_000, l2 });
    const told: unknown[] = [];
    cache.events.subscribe((event) => event.type === 'advice' && told.push(event.advice.code));
    await settle();

    expect(cache.advice.map(({ code }) => code)).toEqual(['no-log', 'unbounded-staleness']);
    expect(told).toEqual(['no-log', 'unbounded-staleness']);
    expect(
      createCache({ namespace: 'shop', ttlMs: 1_000, l1: { ttlMs: 500 }, l2 }).advice.map(({ code }) => code),
    ).toEqual(['no-log']);
    expect(createCache({ namespace: 'shop', ttlMs: 1_000 }).advice).toEqual([]);
  });

  it('has none for a cache with a log, but for leases that outlast the wait for them', async () => {
    const { a, fleet: one } = await open(1);

    expect(a.cache.advice).toEqual([]);
    expect(one.add({ leaseMs: 5_000, leaseWaitMs: 1_000 }).cache.advice.map(({ code }) => code)).toEqual([
      'short-wait',
    ]);
  });
});
