import { settle } from '@holdfast/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { counted } from '../rig.ts';
import { failing, Fleet, hanging, maxStalenessMs, type Node, working } from './fleet.ts';

let fleet: Fleet;
let a: Node;
let b: Node;

/** How far a reading of the coarse clock may lag, in milliseconds. */
const slackMs = 1;

const deaf = (operation: string): ReturnType<typeof hanging> => (operation === 'read' ? hanging() : {});

beforeEach(async () => {
  fleet = new Fleet(0);
  a = fleet.add();
  b = fleet.add();
  for (const { cache } of fleet.nodes) await fleet.during(cache.get('warm', () => 1));
  await settle();
});

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
  if (fleet.clock.pending() > 0) throw new Error('a timer is left');
});

describe('memory while the log is silent', () => {
  it.each(['delete', 'deleteTag', 'clear'] as const)(
    'gives nothing out that was removed more than maxStalenessMs before, wherever it was read from: %s',
    async (change) => {
      await a.cache.set('held', 'old', { tags: ['red'] });
      await a.cache.set('read later', 'old', { tags: ['red'] });
      await b.cache.get('held');
      b.store.fate = deaf;
      await fleet.clock.advance(150);
      await a.cache[change](change === 'delete' ? 'held' : 'red');
      const removedAt = fleet.clock.now();
      const late: string[] = [];
      for (let ms = 0; ms < 2 * maxStalenessMs; ms += 10) {
        await fleet.clock.advance(10);
        const isLate = fleet.clock.now() > removedAt + maxStalenessMs + slackMs;
        const keys = change === 'delete' ? ['held'] : ['held', 'read later'];
        for (const key of keys)
          if (isLate && (b.cache.peek(key) ?? (await b.cache.get(key))) !== undefined) late.push(key);
        if (ms === 200) await b.cache.get('read later');
      }

      expect(late).toEqual([]);
    },
  );

  it('is confirmed by the shared tier, which costs no load, and is believed again for maxStalenessMs', async () => {
    await a.cache.set('key', 'value', { tags: ['red'] });
    await b.cache.get('key');
    b.store.fate = deaf;
    await fleet.clock.advance(maxStalenessMs + 200);
    const load = counted(() => 'not needed');
    expect(b.cache.peek('key')).toBeUndefined();

    expect(await b.cache.get('key', load)).toBe('value');
    expect([b.cache.peek('key'), load.calls]).toEqual(['value', 0]);
    await fleet.clock.advance(maxStalenessMs + slackMs);
    expect(b.cache.peek('key')).toBeUndefined();
  });

  it('believes what was loaded or set here for maxStalenessMs', async () => {
    b.store.fate = deaf;
    await fleet.clock.advance(maxStalenessMs + 200);
    await b.cache.get('loaded', () => 1);
    await b.cache.set('set', 2);
    expect([b.cache.peek('loaded'), b.cache.peek('set')]).toEqual([1, 2]);

    await fleet.clock.advance(maxStalenessMs + slackMs);
    expect([b.cache.peek('loaded'), b.cache.peek('set')]).toEqual([undefined, undefined]);
  });

  it('gives out no stale value either', async () => {
    const { cache, store } = fleet.add({
      ttlMs: 100,
      staleIfErrorMs: 60_000,
      staleWhileRevalidateMs: 60_000,
    });
    await cache.set('key', 'old');
    await fleet.clock.advance(150);
    store.fate = failing;
    await fleet.clock.advance(maxStalenessMs + 200);
    const fail = (): never => {
      throw new Error('source down');
    };

    await expect(cache.get('key', fail)).rejects.toThrow('source down');
  });

  it('is believed as before once the log can be read again, without asking anybody', async () => {
    await a.cache.set('key', 'value');
    await b.cache.get('key');
    b.store.fate = (operation) => (operation === 'read' ? failing() : {});
    await fleet.clock.advance(maxStalenessMs + 200);
    expect(b.cache.peek('key')).toBeUndefined();
    b.store.fate = working;
    await fleet.clock.advance(1_100);

    expect(b.cache.peek('key')).toBe('value');
  });

  it('is no answer beside that of the shared tier, also where unverified entries are welcome', async () => {
    const { cache, store } = fleet.add({ unverified: 'serve' });
    await a.cache.set('key', 'old');
    await cache.get('key');
    store.fate = deaf;
    await fleet.clock.advance(150);
    await a.cache.delete('key');
    await fleet.clock.advance(2 * maxStalenessMs);

    expect(await cache.get('key', () => 'new')).toBe('new');
  });

  it('tells that the log was lost and found, once each', async () => {
    const events: string[] = [];
    b.cache.events.subscribe(({ type }) => events.push(type));
    b.store.fate = (operation) => (operation === 'read' ? failing() : {});
    await fleet.clock.advance(3_000);
    b.store.fate = working;
    await fleet.clock.advance(3_000);

    expect(events.filter((type) => type.startsWith('log-'))).toEqual(['log-lost', 'log-found']);
  });
});

describe('a process that has missed changes', () => {
  it('drops its memory and counts it, when they are gone from the log', async () => {
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    const events: unknown[] = [];
    b.cache.events.subscribe((event) => {
      if (event.type === 'memory-dropped') events.push(event.because);
    });
    b.store.fate = (operation) => (operation === 'read' ? failing() : {});
    await fleet.clock.advance(200);
    await a.cache.delete('key');
    fleet.server.log = [];
    b.store.fate = working;
    await fleet.clock.advance(1_100);

    expect(b.cache.peek('key')).toBeUndefined();
    expect(events).toEqual(['gap']);
    expect(b.cache.statistics().coherence).toMatchObject({ gaps: 1, epochs: 0 });
  });

  it('keeps what nobody touched while its connection was gone', async () => {
    const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
    for (const key of keys) await a.cache.set(key, 'old');
    await b.cache.getMany(keys);
    b.store.fate = (operation) => (operation === 'read' ? failing() : {});
    await fleet.clock.advance(150);
    for (const key of keys.slice(0, 500)) await a.cache.delete(key);
    b.store.fate = working;
    await fleet.clock.advance(1_100);

    expect(keys.filter((key) => b.cache.peek(key) !== undefined)).toEqual(keys.slice(500));
  });

  it('drops its memory when the server has forgotten everything', async () => {
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    fleet.server.flush();
    await fleet.clock.advance(600);

    expect([a.cache.peek('key'), b.cache.peek('key')]).toEqual([undefined, undefined]);
    expect(b.cache.statistics().coherence.epochs + b.cache.statistics().coherence.gaps).toBe(1);
  });
});

describe('the name of a process in the log', () => {
  it('is its own, also where two caches are made alike in one process', async () => {
    await a.cache.delete('key');
    await b.cache.delete('key');
    await a.cache.delete('key');
    const [first, second, third] = fleet.server.log.map(({ origin }) => origin);

    expect(first).toBe(third);
    expect(first).not.toBe(second);
  });

  it('keeps it from being disturbed by what it has done itself', async () => {
    await a.cache.set('key', 'own');
    await settle();

    expect(a.cache.peek('key')).toBe('own');
    expect([a.cache.statistics().coherence.changes, b.cache.statistics().coherence.changes]).toEqual([0, 1]);
  });
});

describe('a process that cannot begin', () => {
  it('answers reads within the timeout of the tier, and writes too', async () => {
    const { cache, store } = fleet.make();
    store.fate = hanging;
    fleet.nodes.push({ cache, store });
    const settled: unknown[] = [];
    void cache.get('key', () => 'loaded').then((value) => settled.push(value));
    void cache.getMany(['a', 'b']).then((values) => settled.push(values.size));
    void cache.set('other', 1).then(({ l2 }) => settled.push(l2));
    void cache.delete('another').then(({ l2 }) => settled.push(l2));
    await fleet.clock.advance(251);

    expect(settled.map(String).toSorted()).toEqual(['0', 'loaded', 'queued', 'queued']);
  });

  it('begins when the server can be reached', async () => {
    const { cache, store } = fleet.add();
    store.fate = failing;
    await cache.get('key', () => 'alone');
    store.fate = working;
    await fleet.clock.advance(3_000);
    await a.cache.set('shared', 1);

    expect(await cache.get('shared')).toBe(1);
  });

  it('holds nothing of what it loaded before it could hear of changes', async () => {
    const { cache, store } = fleet.add();
    store.fate = (operation) => (operation === 'start' ? { requestMs: 100 } : {});
    const reading = cache.get('key', () => 'loaded');
    await fleet.clock.advance(50);
    await a.cache.delete('key');
    await fleet.clock.advance(200);

    expect(await reading).toBe('loaded');
    expect(await cache.get('key', () => 'loaded again')).toBe(await a.cache.get('key'));
  });
});

describe('maxStalenessMs', () => {
  it.each([99, 0, -1, Number.NaN, Infinity, '500'])('cannot be %j', (value) => {
    expect(() => fleet.make({ maxStalenessMs: value as number })).toThrow('maxStalenessMs must be');
  });
});
