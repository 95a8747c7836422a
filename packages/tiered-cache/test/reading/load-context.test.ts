import type { LoadContext } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { counted, neighbour, setUp, setUpL2 } from '../rig.ts';

const stale = { l2: undefined, l3: undefined, staleIfErrorMs: 60_000 } as const;

describe('what a loader is told', () => {
  it('is the value held, its etag and why it runs', async () => {
    const { cache, clock } = setUp({ ...stale, staleWhileRevalidateMs: 100 });
    const seen: unknown[] = [];
    const load = (value: string) => (context: LoadContext) => {
      const { key, reason, stale: held, staleEtag } = context;
      seen.push([key, reason, held, staleEtag]);
      context.etag(`etag of ${value}`);
      return value;
    };
    await cache.get('key', load('one'));
    await clock.advance(1_050);
    await cache.get('key', load('two'));
    await clock.advance(1_500);
    await cache.get('key', load('three'));

    expect(seen).toEqual([
      ['key', 'miss', undefined, undefined],
      ['key', 'refresh', 'one', 'etag of one'],
      ['key', 'stale', 'two', 'etag of two'],
    ]);
  });

  it('is what a lower tier holds, with the etag that it was stored with', async () => {
    const rig = setUpL2({ ttlMs: 1_000, staleIfErrorMs: 60_000 });
    await rig.cache.get('key', (context) => {
      context.etag('W/"1"');
      return 'old';
    });
    await rig.clock.advance(1_500);
    const seen: unknown[] = [];
    await neighbour(rig, { l3: undefined }).get('key', ({ stale: held, staleEtag }) => {
      seen.push(held, staleEtag);
      return 'new';
    });

    expect(seen).toEqual(['old', 'W/"1"']);
  });
});

describe('what a loader says', () => {
  it('sets the life of its value, and how long it may stand in from then on', async () => {
    const { cache, clock } = setUp(stale);
    await cache.get('key', (context) => {
      context.ttl(50);
      return 'value';
    });
    await clock.advance(49);
    expect(cache.peek('key')).toBe('value');

    await clock.advance(1);
    expect(cache.peek('key')).toBeUndefined();
    await clock.advance(59_999);
    const fail = (): never => {
      throw new Error('source down');
    };
    expect(await cache.get('key', fail)).toBe('value');
    await clock.advance(1_000);
    await expect(cache.get('key', fail)).rejects.toThrow('source down');
  });

  it('keeps nothing of a life of 0', async () => {
    const { cache } = setUp({ l2: undefined, l3: undefined });
    const load = (context: LoadContext): string => {
      context.ttl(0);
      return 'value';
    };

    expect(await cache.get('key', load)).toBe('value');
    expect(cache.peek('key')).toBeUndefined();
  });

  it('adds tags to those of the call, each once', async () => {
    const { cache } = setUp({ l2: undefined, l3: undefined });
    await cache.get(
      'key',
      (context) => {
        context.tags('red', 'big');
        context.tags('big', 'round');
        return 'value';
      },
      { tags: ['red', 'own'] },
    );

    expect((await cache.entry('key'))?.tags).toEqual(['red', 'own', 'big', 'round']);
  });

  it('passes a value on without keeping it, and leaves what is held as it is', async () => {
    const { cache, clock } = setUp(stale);
    await cache.set('key', 'held');
    await clock.advance(1_500);
    const skip = counted(() => 'passed on');
    const load = (context: LoadContext): string => {
      context.skip();
      return skip();
    };

    expect(await cache.get('key', load)).toBe('passed on');
    expect(await cache.get('key', load)).toBe('passed on');
    expect(await cache.entry('key')).toMatchObject({ value: 'held', state: 'stale' });
    expect(skip.calls).toBe(2);
  });

  it('keeps what is held for another life, with its etag, tags and version', async () => {
    const { cache, clock } = setUp(stale);
    await cache.get('key', (context) => {
      context.etag('"1"');
      context.tags('red');
      context.version(3);
      return { a: 1 };
    });
    const held = cache.peek('key');
    await clock.advance(1_500);
    const load = (context: LoadContext): unknown => context.notModified();

    expect(await cache.get('key', load)).toBe(held);
    expect(await cache.entry('key')).toMatchObject({ state: 'fresh', ageMs: 0, tags: ['red'], version: 3 });
    await clock.advance(1_500);
    expect(await cache.get('key', ({ staleEtag }) => staleEtag)).toBe('"1"');
  });

  it('prefers what it says now to what the value held was stored with', async () => {
    const { cache, clock } = setUp(stale);
    await cache.get('key', (context) => {
      context.etag('"1"');
      context.tags('red');
      return 1;
    });
    await clock.advance(1_500);
    await cache.get('key', (context) => {
      context.etag('"2"');
      context.tags('blue');
      return context.notModified();
    });

    expect(await cache.entry('key')).toMatchObject({ value: 1, tags: ['blue'] });
    await clock.advance(1_500);
    expect(await cache.get('key', ({ staleEtag }) => staleEtag)).toBe('"2"');
  });

  it('cannot be that nothing has changed where nothing is held', async () => {
    const { cache } = setUp(stale);

    await expect(cache.get('key', (context) => context.notModified())).rejects.toMatchObject({
      code: 'ERR_CACHE_NOTHING_TO_KEEP',
      key: 'key',
    });
    expect(cache.peek('key')).toBeUndefined();
  });

  it('is refused when it comes too late', async () => {
    const { cache } = setUp(stale);
    let late: LoadContext | undefined;
    await cache.get('key', (context) => {
      late = context;
      return 1;
    });
    late?.tags('red');
    late?.ttl(1);

    expect((await cache.entry('key'))?.tags).toEqual([]);
    expect(cache.peek('key')).toBe(1);
  });

  it.each([
    ['a negative life', (context: LoadContext) => context.ttl(-1), 'ttlMs must be'],
    ['a life that is no number', (context: LoadContext) => context.ttl(Number.NaN), 'ttlMs must be'],
    ['a tag that is no text', (context: LoadContext) => context.tags(1 as never), 'tag must be'],
    ['an empty tag', (context: LoadContext) => context.tags(''), 'tag must be'],
    ['a negative version', (context: LoadContext) => context.version(-1), 'version must be'],
    ['a version that is no number', (context: LoadContext) => context.version(Number.NaN), 'version must be'],
    ['an etag that is no text', (context: LoadContext) => context.etag(1 as never), 'etag must be'],
  ])('is refused for %s, and rejects the read', async (_what, say, message) => {
    const { cache } = setUp(stale);
    const reading = cache.get('key', (context) => {
      say(context);
      return 1;
    });

    await expect(reading).rejects.toThrow(message);
    expect(cache.peek('key')).toBeUndefined();
  });
});
