import { settle } from '@holdfast/core/testing';
import { afterEach, describe, expect, it } from 'vitest';

import { counted } from '../rig.ts';
import { failing, Fleet, hanging, maxStalenessMs, working } from './fleet.ts';

let fleet: Fleet;

/** Two processes that have both heard of the server. */
async function pair(
  ...options: ConstructorParameters<typeof Fleet> extends [number, ...infer Rest] ? Rest : never
) {
  fleet = new Fleet(2, ...options);
  const [a, b] = fleet.nodes;
  if (a === undefined || b === undefined) throw new Error('there are two');
  await Promise.all([a.cache.get('warm', () => 1), b.cache.get('warm-too', () => 1)]);
  await settle();
  return { a, b, clock: fleet.clock, server: fleet.server };
}

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
  if (fleet.clock.pending() > 0) throw new Error('a timer is left');
});

describe('a fleet of caches', () => {
  it('shares what one process has loaded', async () => {
    const { a, b } = await pair();
    const load = counted(() => 'loaded');

    expect(await a.cache.get('key', load)).toBe('loaded');
    expect(await b.cache.get('key', load)).toBe('loaded');
    expect(load.calls).toBe(1);
    expect([a.cache.peek('key'), b.cache.peek('key')]).toEqual(['loaded', 'loaded']);
  });

  it('drops what one process deletes from the memory of all', async () => {
    const { a, b } = await pair();
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    await a.cache.delete('key');
    await settle();

    expect([a.cache.peek('key'), b.cache.peek('key')]).toEqual([undefined, undefined]);
    expect(await b.cache.get('key', () => 'new')).toBe('new');
  });

  it('replaces what one process sets in the memory of all', async () => {
    const { a, b } = await pair();
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    await a.cache.set('key', 'new');
    await settle();

    expect([a.cache.peek('key'), await b.cache.get('key')]).toEqual(['new', 'new']);
  });

  it('stores nothing of a load that another process has overtaken with a delete', async () => {
    const { a, b, clock, server } = await pair();
    let truth = 'old';
    const loading = a.cache.get('key', async () => {
      const read = truth;
      await new Promise<void>((resolve) => void clock.schedule(resolve, 50));
      return read;
    });
    await clock.advance(10);
    truth = 'new';
    await b.cache.delete('key');
    await clock.advance(40);

    expect(await loading).toBe('old');
    expect([server.value('key'), a.cache.peek('key')]).toEqual([undefined, undefined]);
    expect(await a.cache.get('key', () => truth)).toBe('new');
  });

  it('does not let a caller join a load that began before a delete', async () => {
    const { a, b, clock } = await pair();
    let truth = 'old';
    const load = async (): Promise<string> => {
      const read = truth;
      await new Promise<void>((resolve) => void clock.schedule(resolve, 50));
      return read;
    };
    const early = a.cache.get('key', load);
    await clock.advance(10);
    truth = 'new';
    await b.cache.delete('key');
    await settle();
    const late = a.cache.get('key', load);
    await clock.advance(100);

    expect([await early, await late]).toEqual(['old', 'new']);
  });

  it('never promotes what was read before a delete and answered after it', async () => {
    const { a, b, clock } = await pair();
    await b.cache.set('key', 'old');
    a.store.fate = (operation) => (operation === 'get' ? { replyMs: 50 } : {});
    const reading = a.cache.get('key');
    await clock.advance(10);
    await b.cache.delete('key');
    await clock.advance(40);

    expect(await reading).toBe('old');
    expect(a.cache.peek('key')).toBeUndefined();
  });

  it('loads a key once, however many processes ask for it', async () => {
    fleet = new Fleet(8);
    const { clock, nodes } = fleet;
    let loads = 0;
    const load = async (): Promise<string> => {
      loads += 1;
      await new Promise<void>((resolve) => void clock.schedule(resolve, 200));
      return 'value';
    };
    const reads = nodes.flatMap(({ cache }) => Array.from({ length: 125 }, () => cache.get('key', load)));
    await clock.advance(400);

    expect(new Set(await Promise.all(reads))).toEqual(new Set(['value']));
    expect(loads).toBe(1);
  });

  it('loads again when whoever had the lease has died, within its time', async () => {
    const { a, b, clock } = await pair({ leaseMs: 1_000 });
    a.store.fate = (operation) => (operation === 'renew' || operation === 'fill' ? { fails: 'before' } : {});
    void a.cache.get('key', () => new Promise(() => undefined)).catch(() => undefined);
    await clock.advance(5);
    const load = counted(() => 'loaded by the other');
    const reading = b.cache.get('key', load);
    await clock.advance(900);
    expect(load.calls).toBe(0);

    await clock.advance(200);
    expect(await reading).toBe('loaded by the other');
  });

  it('keeps the lease of a load that takes five times as long', async () => {
    const { a, b, clock } = await pair({ leaseMs: 300 });
    const load = counted(
      () => new Promise<string>((resolve) => void clock.schedule(() => resolve('slow'), 1_500)),
    );
    const reads = [a.cache.get('key', load)];
    await clock.advance(5);
    reads.push(b.cache.get('key', load));
    await clock.advance(1_600);

    expect(await Promise.all(reads)).toEqual(['slow', 'slow']);
    expect(load.calls).toBe(1);
  });

  it('serves memory no longer than maxStalenessMs after the log has fallen silent', async () => {
    const { a, b, clock } = await pair();
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    b.store.fate = (operation) => (operation === 'read' ? hanging() : {});
    await clock.advance(200);
    await a.cache.delete('key');
    await clock.advance(maxStalenessMs + 1);

    expect(b.cache.peek('key')).toBeUndefined();
    expect(await b.cache.get('key')).toBeUndefined();
  });

  it('goes on serving memory while the log is quiet but alive', async () => {
    const { a, clock } = await pair();
    await a.cache.set('key', 'value');
    for (let ms = 0; ms < 10_000; ms += 10) {
      await clock.advance(10);
      expect(a.cache.peek('key')).toBe('value');
    }
  });

  it('replays what it has missed and keeps the rest when the log can be read again', async () => {
    const { a, b, clock } = await pair();
    for (const key of ['kept', 'changed']) {
      await a.cache.set(key, 'old');
      await b.cache.get(key);
    }
    b.store.fate = (operation) => (operation === 'read' ? failing() : {});
    await clock.advance(200);
    await a.cache.delete('changed');
    b.store.fate = working;
    await clock.advance(1_100);

    expect([b.cache.peek('kept'), b.cache.peek('changed')]).toEqual(['old', undefined]);
  });

  it('drops its memory when it has missed what the log no longer has', async () => {
    const { a, b, clock, server } = await pair();
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    b.store.fate = (operation) => (operation === 'read' ? failing() : {});
    await clock.advance(200);
    await a.cache.delete('other');
    server.log = [];
    b.store.fate = working;
    await clock.advance(1_100);

    expect(b.cache.peek('key')).toBeUndefined();
    expect(b.cache.statistics().coherence).toMatchObject({ gaps: 1 });
    expect(await b.cache.get('key')).toBe('old');
  });

  it('believes nothing from before the server forgot everything', async () => {
    const { a, b, clock, server } = await pair();
    await a.cache.set('key', 'old');
    const before = server.value('key');
    server.flush();
    server.values.set('key', { value: before ?? new Uint8Array(), until: Infinity });
    await clock.advance(600);

    expect([a.cache.peek('key'), await a.cache.get('key'), await b.cache.get('key')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('makes what one process expires stale in all, and refreshes it once', async () => {
    const { a, b } = await pair({ staleWhileRevalidateMs: 60_000 });
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    await a.cache.expire('key');
    await settle();
    const load = counted(() => 'new');

    expect([await a.cache.get('key', load), await b.cache.get('key', load)]).toEqual(['old', 'old']);
    await fleet.clock.advance(200);
    expect([a.cache.peek('key'), await b.cache.get('key', load)]).toEqual(['new', 'new']);
    expect(load.calls).toBe(1);
  });

  it('never gives out what was deleted, whatever stale times it had', async () => {
    const { a, b } = await pair({ staleWhileRevalidateMs: 60_000, staleIfErrorMs: 60_000 });
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    await a.cache.delete('key');
    await settle();
    const fail = (): never => {
      throw new Error('source down');
    };

    await expect(a.cache.get('key', fail)).rejects.toThrow('source down');
    await expect(b.cache.get('key', fail)).rejects.toThrow('source down');
  });

  it('deletes by tag in all processes, and what is being loaded with it', async () => {
    const { a, b, clock } = await pair();
    await a.cache.set('one', 1, { tags: ['red', 'big'] });
    await a.cache.set('two', 2, { tags: ['blue'] });
    await b.cache.getMany(['one', 'two']);
    const loading = b.cache.get('three', async (context) => {
      context.tags('red');
      await new Promise<void>((resolve) => void clock.schedule(resolve, 20));
      return 3;
    });
    await clock.advance(5);
    await a.cache.deleteTag('red');
    await clock.advance(50);

    expect(await loading).toBe(3);
    for (const { cache } of [a, b])
      expect(await cache.getMany(['one', 'two', 'three'])).toEqual(new Map([['two', 2]]));
  });

  it('asks once for a tag that it cannot know, and remembers', async () => {
    const { a } = await pair();
    await a.cache.set('key', 1, { tags: ['red'] });
    const { cache, store } = fleet.add({ l1: false });

    for (let reads = 0; reads < 3; reads += 1) expect(await cache.get('key')).toBe(1);
    expect(store.operations.filter((operation) => operation === 'tags')).toHaveLength(1);
  });

  it('expires by tag: what bears it may still stand in', async () => {
    const { a, b, clock } = await pair({ staleIfErrorMs: 60_000 });
    await a.cache.set('key', 'old', { tags: ['red'] });
    await b.cache.get('key');
    await clock.advance(5);
    await a.cache.expireTag('red');
    await settle();
    const fail = (): never => {
      throw new Error('source down');
    };

    expect([a.cache.peek('key'), b.cache.peek('key')]).toEqual([undefined, undefined]);
    expect(await b.cache.get('key', fail)).toBe('old');
    expect(await fleet.add().cache.get('key', fail)).toBe('old');
  });

  it('clears everything in all processes with one write', async () => {
    const { a, b } = await pair();
    for (const key of ['one', 'two']) await a.cache.set(key, key);
    await b.cache.getMany(['one', 'two']);
    await a.cache.clear();
    await settle();

    for (const { cache } of [a, b, fleet.add()])
      expect(await cache.getMany(['one', 'two'])).toEqual(new Map());
  });

  it('keeps the newer of two versions, in whichever order they arrive', async () => {
    const { a, b } = await pair();
    await a.cache.set('key', 'second', { version: 2 });
    const late = await b.cache.set('key', 'first', { version: 1 });
    await settle();

    expect(late.l2).toBe('refused');
    expect([await a.cache.get('key'), await b.cache.get('key')]).toEqual(['second', 'second']);
  });

  it('refuses a version older than one that was deleted', async () => {
    const { a, b } = await pair();
    await a.cache.set('key', 'second', { version: 2 });
    await a.cache.delete('key', { version: 3 });
    await b.cache.set('key', 'second again', { version: 2 });
    expect(await b.cache.get('key')).toBeUndefined();

    await b.cache.set('key', 'fourth', { version: 4 });
    expect(await a.cache.get('key')).toBe('fourth');
  });

  it('stores no load for settleMs after a delete, because its source may lag behind', async () => {
    const { a, b, clock } = await pair({ settleMs: 500 });
    await a.cache.delete('key');
    expect(await b.cache.get('key', () => 'from a replica that lags')).toBe('from a replica that lags');
    expect([b.cache.peek('key'), await a.cache.get('key')]).toEqual([undefined, undefined]);

    await clock.advance(500);
    await b.cache.get('key', () => 'settled');
    expect(await a.cache.get('key')).toBe('settled');
  });

  it('reads nothing older than a position from another process', async () => {
    const { a, b } = await pair();
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    b.store.fate = (operation) => (operation === 'read' ? hanging() : {});
    await fleet.clock.advance(200);
    const { position } = await a.cache.set('key', 'new');

    expect(b.cache.peek('key')).toBe('old');
    expect(await b.cache.get('key', undefined, { after: position })).toBe('new');
  });

  it('queues what the server does not take, and does not read its own old value there', async () => {
    const { a, b, clock } = await pair();
    await a.cache.set('key', 'old');
    a.store.fate = failing;
    const result = await a.cache.delete('key');
    a.store.fate = working;

    expect(result).toMatchObject({ l1: 'applied', l2: 'queued' });
    expect(await a.cache.get('key')).toBeUndefined();
    await clock.advance(1_100);
    expect(await b.cache.get('key')).toBeUndefined();
    expect(a.cache.statistics().tiers.l2).toMatchObject({ queued: 0 });
  });

  it('rejects instead when strict, with memory dropped', async () => {
    const { a } = await pair({ strict: true });
    await a.cache.set('key', 'old');
    a.store.fate = failing;

    await expect(a.cache.delete('key')).rejects.toMatchObject({ code: 'ERR_CACHE_WRITE_QUEUED', tier: 'l2' });
    expect(a.cache.peek('key')).toBeUndefined();
    a.store.fate = working;
    await fleet.clock.advance(1_100);
  });

  it('loads when it can neither trust its memory nor ask the server', async () => {
    const { a, clock } = await pair();
    await a.cache.set('key', 'held');
    a.store.fate = failing;
    await clock.advance(maxStalenessMs + 200);
    const load = counted(() => 'loaded');

    expect(await a.cache.get('key', load)).toBe('loaded');
    expect(await a.cache.get('key', load)).toBe('loaded');
    expect(load.calls).toBe(1);
    await clock.advance(maxStalenessMs);
    expect(await a.cache.get('key', load)).toBe('loaded');
    expect(load.calls).toBe(2);
  });

  it('serves its memory instead where unverified entries are welcome', async () => {
    const { a, clock } = await pair({ unverified: 'serve' });
    await a.cache.set('key', 'held');
    a.store.fate = failing;
    await clock.advance(maxStalenessMs + 200);

    expect(a.cache.peek('key')).toBeUndefined();
    expect(await a.cache.get('key', () => 'loaded')).toBe('held');
    expect(a.cache.statistics().staleServed).toMatchObject({ unverified: 1 });
  });
});
