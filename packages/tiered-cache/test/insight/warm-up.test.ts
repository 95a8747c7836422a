import { getEventListeners } from 'node:events';
import { ManualClock, settle } from '@holdfast/core/testing';
import { createCache, type LoadContext, type TieredCache } from '@holdfast/tiered-cache';
import { warmUp, type WarmUpProgress } from '@holdfast/tiered-cache/insight';
import { describe, expect, it } from 'vitest';

function setUp(): { cache: TieredCache<string>; clock: ManualClock } {
  const clock = new ManualClock();
  return { cache: createCache<string>({ namespace: 'shop', ttlMs: 60_000, clock }), clock };
}

const keysTo = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `user:${index}`);

const nameOf = (key: string): string => `name of ${key}`;

describe('warmUp', () => {
  it('loads the keys, so that readers find them in memory', async () => {
    const { cache, clock } = setUp();

    const counts = await warmUp(cache, keysTo(10), nameOf, { clock });

    expect(counts).toEqual({ warmed: 10, present: 0, absent: 0, failed: 0 });
    expect(cache.peek('user:7')).toBe('name of user:7');
  });

  it('does not load what is there already, and looks each key up once', async () => {
    const { cache, clock } = setUp();
    await cache.set('user:0', 'Ada');
    const loaded: string[] = [];
    const load = (key: string): string => {
      loaded.push(key);
      return nameOf(key);
    };

    const counts = await warmUp(cache, ['user:0', 'user:1', 'user:1', 'user:0'], load, { clock });

    expect(counts).toEqual({ warmed: 1, present: 1, absent: 0, failed: 0 });
    expect(loaded).toEqual(['user:1']);
    expect(cache.peek('user:0')).toBe('Ada');
  });

  it('goes on after keys that fail, and counts those which the source no longer has', async () => {
    const { clock } = setUp();
    const cache = createCache<string | undefined>({ namespace: 'shop', ttlMs: 60_000, clock });
    const load = (key: string): string | undefined => {
      if (key === 'user:1') throw new Error('no connection');
      return key === 'user:2' ? undefined : nameOf(key);
    };

    const counts = await warmUp(cache, [...keysTo(5), '\uD800'], load, { clock });

    expect(counts).toEqual({ warmed: 3, present: 0, absent: 1, failed: 2 });
    expect(cache.peek('user:4')).toBe('name of user:4');
  });

  it('counts a failed load that a stale value stands in for', async () => {
    const clock = new ManualClock();
    const cache = createCache<string>({ namespace: 'shop', ttlMs: 10, staleIfErrorMs: 1_000, clock });
    await cache.set('user:0', 'Ada');
    await clock.advance(20);
    const load = (): string => {
      throw new Error('no connection');
    };

    expect(await warmUp(cache, ['user:0'], load, { clock })).toMatchObject({ warmed: 0, failed: 1 });
  });

  it('shares the load of a reader', async () => {
    const { cache, clock } = setUp();
    const answer = Promise.withResolvers<string>();
    const reading = cache.get('user:0', () => answer.promise);
    const warming = warmUp(cache, ['user:0'], nameOf, { clock });
    await settle();
    answer.resolve('Ada');

    expect(await reading).toBe('Ada');
    expect(await warming).toMatchObject({ present: 1, warmed: 0 });
  });

  it('has so many keys under way as it may, the first ones first', async () => {
    const { cache, clock } = setUp();
    const started: string[] = [];
    const answers = new Map(keysTo(5).map((key) => [key, Promise.withResolvers<string>()]));
    const load = (key: string): Promise<string> => {
      started.push(key);
      return answers.get(key)!.promise;
    };

    const warming = warmUp(cache, keysTo(5), load, { concurrency: 2, clock });
    await settle();
    expect(started).toEqual(['user:0', 'user:1']);
    answers.get('user:1')!.resolve('b');
    await settle();
    expect(started).toEqual(['user:0', 'user:1', 'user:2']);

    for (const answer of answers.values()) answer.resolve('x');
    expect(await warming).toMatchObject({ warmed: 5 });
  });

  it('begins no more keys in a second than it may, evenly spread', async () => {
    const { cache, clock } = setUp();
    const startedAt: number[] = [];
    const load = (key: string): string => {
      startedAt.push(clock.now());
      return nameOf(key);
    };

    const warming = warmUp(cache, keysTo(6), load, { maxPerSecond: 10, clock });
    await clock.advance(450);
    expect(startedAt).toEqual([0, 100, 200, 300, 400]);
    await clock.advance(50);

    expect(await warming).toMatchObject({ warmed: 6 });
    expect(clock.pending('foreground')).toBe(0);
  });

  it('does not catch up on time that a slow key took', async () => {
    const { cache, clock } = setUp();
    const startedAt: number[] = [];
    const slow = Promise.withResolvers<string>();
    const load = (key: string): string | Promise<string> => {
      startedAt.push(clock.now());
      return key === 'user:0' ? slow.promise : nameOf(key);
    };

    const warming = warmUp(cache, keysTo(3), load, { maxPerSecond: 10, concurrency: 1, clock });
    await clock.advance(1_000);
    slow.resolve('at last');
    await clock.advance(200);

    expect(await warming).toMatchObject({ warmed: 3 });
    expect(startedAt).toEqual([0, 1_000, 1_100]);
  });

  it('tells of each key with what became of it', async () => {
    const { cache, clock } = setUp();
    await cache.set('user:0', 'Ada');
    const error = new Error('no connection');
    const told: WarmUpProgress[] = [];
    const load = (key: string): string => {
      if (key === 'user:2') throw error;
      return nameOf(key);
    };

    await warmUp(cache, keysTo(3), load, {
      concurrency: 1,
      clock,
      onProgress: (progress) => told.push(progress),
    });

    expect(told).toMatchObject([
      { key: 'user:0', outcome: 'present', done: 1, total: 3, present: 1, warmed: 0 },
      { key: 'user:1', outcome: 'warmed', done: 2, total: 3, present: 1, warmed: 1 },
      { key: 'user:2', outcome: 'failed', done: 3, total: 3, failed: 1, error },
    ]);
  });

  it('ends with the error of onProgress and begins no further key', async () => {
    const { cache, clock } = setUp();
    const started: string[] = [];
    const load = (key: string): string => {
      started.push(key);
      return nameOf(key);
    };
    const onProgress = (): never => {
      throw new Error('the job is gone');
    };

    await expect(warmUp(cache, keysTo(9), load, { concurrency: 3, clock, onProgress })).rejects.toThrow(
      'the job is gone',
    );
    expect(started).toEqual(['user:0', 'user:1', 'user:2']);
  });

  it('ends with the error of an onProgress that is asynchronous, and waits for it', async () => {
    const { cache, clock } = setUp();
    const started: string[] = [];
    const load = (key: string): string => {
      started.push(key);
      return nameOf(key);
    };
    const onProgress = async (): Promise<never> => {
      await settle();
      throw new Error('the job is gone');
    };

    await expect(warmUp(cache, keysTo(9), load, { concurrency: 3, clock, onProgress })).rejects.toThrow(
      'the job is gone',
    );
    expect(started).toEqual(['user:0', 'user:1', 'user:2']);
  });

  it('begins no key either whose turn comes only after onProgress has thrown', async () => {
    const { cache, clock } = setUp();
    const started: string[] = [];
    const load = (key: string): string => {
      started.push(key);
      return nameOf(key);
    };
    const onProgress = (): never => {
      throw new Error('the job is gone');
    };

    const terms = { concurrency: 2, maxPerSecond: 1, clock, onProgress };
    const ended = warmUp(cache, keysTo(9), load, terms).catch((error: unknown) => error);
    await clock.advance(10_000);

    expect(await ended).toEqual(new Error('the job is gone'));
    expect(started).toEqual(['user:0']);
  });

  describe('with a signal', () => {
    it('leaves no listener on it', async () => {
      const { cache, clock } = setUp();
      const { signal } = new AbortController();

      const warming = warmUp(cache, keysTo(5), nameOf, { maxPerSecond: 10, signal, clock });
      await clock.advance(1_000);

      expect(await warming).toMatchObject({ warmed: 5 });
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    it('counts nothing that the abort has cut off', async () => {
      const { cache, clock } = setUp();
      const aborter = new AbortController();
      const told: WarmUpProgress[] = [];

      const warming = warmUp(cache, keysTo(9), () => new Promise<string>(() => undefined), {
        signal: aborter.signal,
        clock,
        onProgress: (progress) => told.push(progress),
      });
      await settle();
      aborter.abort(new Error('the worker stops'));

      await expect(warming).rejects.toThrow('the worker stops');
      expect(told).toEqual([]);
    });

    it('rejects with its reason, aborts what is under way and begins nothing more', async () => {
      const { cache, clock } = setUp();
      const aborter = new AbortController();
      const signals: AbortSignal[] = [];
      const load = (_key: string, { signal }: LoadContext): Promise<string> => {
        signals.push(signal);
        return new Promise(() => undefined);
      };

      const warming = warmUp(cache, keysTo(9), load, { concurrency: 2, signal: aborter.signal, clock });
      await settle();
      const reason = new Error('the worker stops');
      aborter.abort(reason);

      await expect(warming).rejects.toBe(reason);
      await settle();
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    });

    it('ends a wait for its turn at once and leaves no timer', async () => {
      const { cache, clock } = setUp();
      const aborter = new AbortController();

      const warming = warmUp(cache, keysTo(9), nameOf, { maxPerSecond: 1, signal: aborter.signal, clock });
      await settle();
      aborter.abort(new Error('the worker stops'));

      await expect(warming).rejects.toThrow('the worker stops');
      expect(clock.pending('foreground')).toBe(0);
    });

    it('does nothing if it has aborted before', async () => {
      const { cache, clock } = setUp();
      const signal = AbortSignal.abort(new Error('too late'));

      await expect(warmUp(cache, keysTo(3), nameOf, { signal, clock })).rejects.toThrow('too late');
      expect(cache.statistics().loads.success).toBe(0);
    });
  });

  it('is done at once without keys', async () => {
    const { cache, clock } = setUp();

    expect(await warmUp(cache, [], nameOf, { clock })).toEqual({
      warmed: 0,
      present: 0,
      absent: 0,
      failed: 0,
    });
  });

  it.each([
    [{ concurrency: 0 }, 'concurrency must be a whole number of at least 1, got 0'],
    [{ maxPerSecond: 0.5 }, 'maxPerSecond must be a whole number of at least 1, got 0.5'],
    [{ clock: {} }, 'clock must be'],
    [{ onProgress: 1 }, 'onProgress must be a function, got 1'],
  ])('refuses %o', async (options, message) => {
    await expect(warmUp(setUp().cache, [], nameOf, options as never)).rejects.toThrow(message);
  });

  it('refuses what is no cache and no loader', async () => {
    await expect(warmUp({} as never, [], nameOf)).rejects.toThrow('cache must be an object with get()');
    await expect(warmUp(setUp().cache, [], undefined as never)).rejects.toThrow('load must be a function');
  });
});
