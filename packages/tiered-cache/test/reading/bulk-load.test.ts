import { settle } from '@holdfast/core/testing';
import type { BulkLoadContext } from '@holdfast/tiered-cache';
import { afterEach, describe, expect, it } from 'vitest';

import { Fleet } from '../coherence/fleet.ts';
import { failing, setUp } from '../rig.ts';

/** A bulk loader that gives each key itself, and remembers what it was asked for. */
function echo(calls: string[][] = [], pass: () => Promise<void> = async () => undefined) {
  return async (keys: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    calls.push([...keys]);
    await pass();
    return new Map(keys.map((key) => [key, key]));
  };
}

function setUpAlone(options: Parameters<typeof setUp>[0] = {}) {
  const rig = setUp({ l2: undefined, l3: undefined, ...options });
  const wait = (ms: number): Promise<void> => new Promise((resolve) => void rig.clock.schedule(resolve, ms));
  return { ...rig, wait };
}

describe('getMany with a bulk loader', () => {
  it('brings what is missing with one call, each key once, in the order asked for', async () => {
    const { cache } = setUpAlone();
    const calls: string[][] = [];
    await cache.set('b', 'held');

    const found = await cache.getMany(['c', 'b', 'a', 'c', 'b'], echo(calls));
    expect(found).toEqual(
      new Map([
        ['a', 'a'],
        ['b', 'held'],
        ['c', 'c'],
      ]),
    );
    expect(calls).toEqual([['c', 'a']]);
    await cache.getMany(['a', 'b', 'c'], echo(calls));
    expect(calls).toHaveLength(1);
  });

  it('asks nobody for nothing', async () => {
    const { cache } = setUpAlone();
    const calls: string[][] = [];

    expect(await cache.getMany([], echo(calls))).toEqual(new Map());
    expect(calls).toEqual([]);
  });

  it('brings thousands of keys with one call', async () => {
    const { cache, l2 } = setUp({ l3: undefined });
    const keys = Array.from({ length: 2_000 }, (_, index) => `key ${index}`);
    const calls: string[][] = [];

    expect((await cache.getMany(keys, echo(calls))).size).toBe(2_000);
    expect(calls.map((some) => some.length)).toEqual([2_000]);
    expect(l2.operations.filter((operation) => operation.startsWith('getMany'))).toHaveLength(4);
  });

  it('takes more keys than a call takes arguments', async () => {
    const { cache } = setUpAlone();
    const keys = Array.from({ length: 200_000 }, (_, index) => `key ${index}`);

    expect(await cache.getMany(keys)).toEqual(new Map());
  });

  it('has a stale value from a lower tier stand in for a failed load, also where there is no tier in memory', async () => {
    const { cache, clock } = setUp({ l1: false, l3: undefined, ttlMs: 100, staleIfErrorMs: 1_000 });
    await cache.set('stale', 'old');
    await clock.advance(200);
    let seen: unknown;
    const load = async (_keys: unknown, context: BulkLoadContext): Promise<never> => {
      const { stale, reason } = context.of('stale');
      seen = [stale, reason];
      throw new Error('source down');
    };

    expect(await cache.getMany(['stale'], load)).toEqual(new Map([['stale', 'old']]));
    expect(seen).toEqual(['old', 'stale']);
    await expect(cache.getMany(['stale', 'absent'], load)).rejects.toThrow('source down');
  });

  it('has nothing stand in that was invalidated while the tiers were asked', async () => {
    const { cache, clock, l2 } = setUp({ l1: false, l3: undefined, ttlMs: 100, staleIfErrorMs: 1_000 });
    await cache.set('key', 'old');
    await clock.advance(200);
    l2.fate = (operation) => ({ delayMs: operation === 'get' ? 20 : 50 });
    const reading = cache
      .getMany(['key'], () => Promise.reject(new Error('source down')))
      .catch((error: unknown) => String(error));
    await clock.advance(10);
    void cache.delete('key');
    await clock.advance(100);

    expect(await reading).toBe('Error: source down');
  });

  it('rejects at the deadline of the call, however long the tiers take', async () => {
    const { cache, clock, l2 } = setUp({ l3: undefined });
    l2.fate = () => ({ delayMs: 200 });
    const calls: string[][] = [];
    const ends: unknown[] = [];
    for (const load of [undefined, echo(calls)])
      void cache.getMany(['a', 'b'], load, { deadlineMs: 100 }).catch((error: unknown) => ends.push(error));
    await clock.advance(99);
    expect(ends).toEqual([]);

    await clock.advance(1);
    expect(ends).toMatchObject([{ code: 'ERR_DEADLINE_EXCEEDED' }, { code: 'ERR_DEADLINE_EXCEEDED' }]);
    await clock.advance(1_000);
    expect([calls, clock.pending()]).toEqual([[], 0]);
  });

  it('tells the loader what is left of the deadline of the call', async () => {
    const { cache, clock, l2 } = setUp({ l3: undefined });
    l2.fate = () => ({ delayMs: 60 });
    let left: number | undefined;
    const load = async (_keys: unknown, context: BulkLoadContext): Promise<ReadonlyMap<string, number>> => {
      left = context.remainingMs();
      return new Map();
    };
    const reading = cache.getMany(['key'], load, { deadlineMs: 100 });
    await clock.advance(60);
    await reading;

    expect(left).toBe(40);
  });

  it('rejects a caller that leaves while the tiers are asked, with its own reason', async () => {
    const { cache, clock, l2 } = setUp({ l3: undefined, staleIfErrorMs: 1_000 });
    l2.fate = () => ({ delayMs: 200 });
    const calls: string[][] = [];
    const caller = new AbortController();
    const left = new Error('left');
    const rejections = [undefined, echo(calls)].map((load) =>
      expect(cache.getMany(['key'], load, { signal: caller.signal })).rejects.toBe(left),
    );
    await clock.advance(10);
    caller.abort(left);

    await Promise.all(rejections);
    await clock.advance(1_000);
    expect(calls).toEqual([]);
  });

  it('leaves out and does not keep what there is not, and keeps null', async () => {
    const { cache } = setUpAlone();
    const load = async (): Promise<ReadonlyMap<string, unknown>> =>
      new Map<string, unknown>([
        ['nothing', undefined],
        ['null', null],
      ]);

    expect(await cache.getMany(['absent', 'nothing', 'null'], load)).toEqual(new Map([['null', null]]));
    expect([cache.peek('absent'), cache.peek('nothing'), cache.peek('null')]).toEqual([
      undefined,
      undefined,
      null,
    ]);
  });

  it('ignores what it did not ask for', async () => {
    const { cache } = setUpAlone();
    const load = async (): Promise<ReadonlyMap<string, number>> =>
      new Map([
        ['asked', 1],
        ['unasked', 2],
      ]);

    expect(await cache.getMany(['asked'], load)).toEqual(new Map([['asked', 1]]));
    expect(cache.peek('unasked')).toBeUndefined();
  });

  it('rejects with what the loader throws, as do all who wait for one of its keys, and loads again afterwards', async () => {
    const { cache, clock, wait } = setUpAlone();
    const failed = new Error('source down');
    const fail = async (): Promise<ReadonlyMap<string, string>> => {
      await wait(10);
      throw failed;
    };
    const first = cache.getMany(['a', 'b'], fail);
    await settle();
    const reads = [first, cache.getMany(['b', 'c'], fail), cache.get('a', () => 'not needed')].map((read) =>
      read.catch((error: unknown) => error),
    );
    await clock.advance(10);

    expect(await Promise.all(reads)).toEqual([failed, failed, failed]);
    expect(await cache.getMany(['a', 'b'], echo())).toEqual(
      new Map([
        ['a', 'a'],
        ['b', 'b'],
      ]),
    );
  });

  it('serves what may stand in when the loader fails, and does not call it again for a while', async () => {
    const { cache, clock } = setUpAlone({ staleIfErrorMs: 10_000, loadRetryMs: 500 });
    await cache.set('a', 'old');
    await clock.advance(1_000);
    let calls = 0;
    const fail = (): never => {
      calls += 1;
      throw new Error('source down');
    };

    for (let reads = 0; reads < 5; reads += 1)
      expect(await cache.getMany(['a'], fail)).toEqual(new Map([['a', 'old']]));
    expect(calls).toBe(1);
    await clock.advance(500);
    await cache.getMany(['a'], fail);
    expect(calls).toBe(2);
  });

  it('gives the loader a context of each key', async () => {
    const { cache, clock } = setUpAlone();
    const load = (keys: readonly string[], context: BulkLoadContext): ReadonlyMap<string, string> => {
      context.of('short').ttl(10);
      context.of('tagged').tags('red');
      context.of('skipped').skip();
      context.of('versioned').version(7);
      return new Map(keys.map((key) => [key, context.of(key).key]));
    };
    const keys = ['short', 'tagged', 'skipped', 'versioned'];
    expect((await cache.getMany(keys, load)).size).toBe(4);

    await clock.advance(20);
    await cache.deleteTag('red');
    expect([...(await cache.getMany(keys)).keys()]).toEqual(['versioned']);
    expect(await cache.entry('versioned')).toMatchObject({ version: 7 });
  });

  it('has no context of a key that is not to be loaded', async () => {
    const { cache } = setUpAlone();
    const load = (_keys: readonly string[], context: BulkLoadContext): ReadonlyMap<string, string> => {
      context.of('b');
      return new Map();
    };

    await expect(cache.getMany(['a'], load)).rejects.toThrow(
      "key must be one of those to be loaded, got 'b'",
    );
  });

  it('shows the loader what is held and too old', async () => {
    const { cache, clock } = setUpAlone({ staleIfErrorMs: 10_000 });
    await cache.get('a', (context) => {
      context.etag('v1');
      return 'old';
    });
    await clock.advance(1_500);
    const seen: unknown[] = [];
    await cache.getMany<string>(['a', 'b'], (keys, context) => {
      for (const key of keys)
        seen.push([context.of(key).stale, context.of(key).staleEtag, context.of(key).reason]);
      return new Map([['a', context.of('a').notModified()]]);
    });

    expect(seen).toEqual([
      ['old', 'v1', 'stale'],
      [undefined, undefined, 'miss'],
    ]);
    expect(cache.peek('a')).toBe('old');
  });

  it('refuses a loader that is none', async () => {
    const { cache } = setUpAlone();

    await expect(cache.getMany(['a'], 'loader' as never)).rejects.toThrow(
      "loader must be a function, got 'loader'",
    );
  });
});

describe('getMany beside other loads of its keys', () => {
  it('shares a load under way and does not wait for it before it loads the rest', async () => {
    const { cache, clock, wait } = setUpAlone();
    const calls: string[][] = [];
    const slow = cache.get('b', async () => {
      await wait(500);
      return 'slow';
    });
    const many = cache.getMany(['a', 'b'], echo(calls));
    await clock.advance(1);

    expect(calls).toEqual([['a']]);
    expect(cache.peek('a')).toBe('a');
    await clock.advance(500);
    expect(await many).toEqual(
      new Map([
        ['a', 'a'],
        ['b', 'slow'],
      ]),
    );
    expect(await slow).toBe('slow');
  });

  it('has its load shared by those who come meanwhile', async () => {
    const { cache, clock, wait } = setUpAlone();
    const calls: string[][] = [];
    const pass = (): Promise<void> => wait(10);
    const many = cache.getMany(['a', 'b'], echo(calls, pass));
    await settle();
    const others = [cache.get('a', () => 'own'), cache.getMany(['b', 'c'], echo(calls, pass))];
    await clock.advance(10);

    expect([...(await many).values()]).toEqual(['a', 'b']);
    expect(await Promise.all(others)).toEqual([
      'a',
      new Map([
        ['b', 'b'],
        ['c', 'c'],
      ]),
    ]);
    expect(calls).toEqual([['a', 'b'], ['c']]);
  });

  it('does not wait for what another process loads before it loads the rest', async () => {
    await using fleet = new Fleet(2);
    const [a, b] = fleet.nodes;
    const { clock } = fleet;
    const slow = a?.cache.get('b', async () => {
      await new Promise<void>((resolve) => void clock.schedule(resolve, 300));
      return 'from the other';
    });
    await clock.advance(5);
    const calls: string[][] = [];
    const many = b?.cache.getMany(['a', 'b', 'c'], echo(calls));
    await clock.advance(5);

    expect(calls).toEqual([['a', 'c']]);
    await clock.advance(500);
    expect(await many).toEqual(
      new Map([
        ['a', 'a'],
        ['b', 'from the other'],
        ['c', 'c'],
      ]),
    );
    expect(await slow).toBe('from the other');
  });

  it('loads alone what another process does not come to an end with', async () => {
    await using fleet = new Fleet(2, { leaseWaitMs: 100 });
    const [a, b] = fleet.nodes;
    const { clock } = fleet;
    void a?.cache.get(
      'b',
      () => new Promise<string>((resolve) => void clock.schedule(() => resolve(''), 5_000)),
    );
    await clock.advance(5);
    const calls: string[][] = [];
    const many = b?.cache.getMany(['a', 'b'], echo(calls));
    await clock.advance(500);

    expect(await many).toEqual(
      new Map([
        ['a', 'a'],
        ['b', 'b'],
      ]),
    );
    expect(calls).toEqual([['a'], ['b']]);
    await clock.advance(5_000);
  });

  it('never waits for a load that waits for it', async () => {
    await using fleet = new Fleet(1);
    const [node] = fleet.nodes;
    if (node === undefined) throw new Error('there is one');
    const { cache, store } = node;
    await fleet.during(cache.get('warm', () => 1));
    store.fate = (operation) => (operation === 'acquire' ? { replyMs: 10 } : {});
    const calls: string[][] = [];
    const first = cache.getMany(['x', 'y'], echo(calls));
    await fleet.clock.advance(2);
    void cache.delete('y');
    const second = cache.getMany(['y', 'x'], echo(calls));
    await fleet.clock.advance(1_000);
    const state: unknown[] = [];
    void first.then((values) => state.push(values));
    void second.then((values) => state.push(values));
    await settle();

    expect(state).toEqual([
      new Map([
        ['x', 'x'],
        ['y', 'y'],
      ]),
      new Map([
        ['x', 'x'],
        ['y', 'y'],
      ]),
    ]);
  });

  it('loads what the tiers do not give because they are down', async () => {
    const { cache, l2, l3 } = setUp();
    l2.fate = failing;
    l3.fate = failing;

    expect(await cache.getMany(['a', 'b'], echo())).toEqual(
      new Map([
        ['a', 'a'],
        ['b', 'b'],
      ]),
    );
  });
});

describe('who leaves getMany', () => {
  let left: unknown[] = [];

  afterEach(() => {
    left = [];
  });

  function signalled() {
    const rig = setUpAlone();
    const load = async (
      keys: readonly string[],
      { signal }: BulkLoadContext,
    ): Promise<ReadonlyMap<string, string>> => {
      signal.addEventListener('abort', () => left.push(signal.reason));
      await rig.wait(100);
      return new Map(keys.map((key) => [key, key]));
    };
    return { ...rig, load };
  }

  it('does not call the load off for the others', async () => {
    const { cache, clock, load } = signalled();
    const [one, other] = [new AbortController(), new AbortController()];
    const reads = [one, other].map(({ signal }) =>
      cache.getMany(['a', 'b'], load, { signal }).catch((error: unknown) => error),
    );
    await clock.advance(10);
    one.abort(new Error('left'));
    await clock.advance(100);

    expect(await Promise.all(reads)).toEqual([
      new Error('left'),
      new Map([
        ['a', 'a'],
        ['b', 'b'],
      ]),
    ]);
    expect(left).toEqual([]);
  });

  it('calls the load off when nobody waits for any of its keys', async () => {
    const { cache, clock, load } = signalled();
    const [one, other] = [new AbortController(), new AbortController()];
    const reads = [
      cache.getMany(['a', 'b'], load, { signal: one.signal }),
      cache.get('b', () => 'own', { signal: other.signal }),
    ].map((read) => read.catch((error: unknown) => error));
    await clock.advance(10);
    one.abort(new Error('left'));
    await settle();
    expect(left).toEqual([]);
    other.abort(new Error('left too'));
    await settle();

    expect(left).toHaveLength(1);
    expect(await Promise.all(reads)).toEqual([new Error('left'), new Error('left too')]);
    await clock.advance(100);
    expect(cache.peek('a')).toBeUndefined();
  });

  it('is refused when it has left before it began', async () => {
    const { cache, load } = signalled();
    const signal = AbortSignal.abort(new Error('left'));

    await expect(cache.getMany(['a'], load, { signal })).rejects.toThrow('left');
    await expect(cache.getMany(['a'], undefined, { signal })).rejects.toThrow('left');
  });

  it('leaves at its deadline', async () => {
    const { cache, clock, load } = signalled();
    const read = cache.getMany(['a'], load, { deadlineMs: 50 }).catch((error: unknown) => error);
    await clock.advance(50);

    expect(await read).toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
  });
});
