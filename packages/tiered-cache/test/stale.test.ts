import { settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { counted, neighbour, setUp, setUpL2 } from './rig.ts';

describe('TieredCache', () => {
  describe('a stale value', () => {
    it('is given out at once while one refresh runs, from ttlMs on and until its time is over', async () => {
      const { cache, clock } = setUp({ staleWhileRevalidateMs: 500 });
      await cache.get('key', () => 'old');
      await clock.advance(999);
      const load = Promise.withResolvers<string>();
      const loader = counted(() => load.promise);
      expect(await cache.get('key', loader)).toBe('old');
      expect(loader.calls).toBe(0);

      await clock.advance(1);
      expect(await Promise.all([cache.get('key', loader), cache.get('key', loader)])).toEqual(['old', 'old']);
      await clock.advance(499);
      expect(await cache.get('key', loader)).toBe('old');
      expect(loader.calls).toBe(1);

      await clock.advance(1);
      const waiting = cache.get('key', loader);
      load.resolve('new');
      expect(await waiting).toBe('new');
      expect(loader.calls).toBe(1);
      expect(cache.statistics()).toMatchObject({
        refreshes: { success: 1, failure: 0 },
        staleServed: { revalidating: 3, loadError: 0 },
        lookups: { staleHit: 3 },
      });
    });

    it('stays after a failed refresh, which is told and not tried again for a while', async () => {
      const { cache, clock, events } = setUp({ staleWhileRevalidateMs: 60_000, loadRetryMs: 300 });
      await cache.set('key', 'old');
      await clock.advance(1_000);
      const error = new Error('down');
      const loader = counted(() => Promise.reject(error));
      expect(await cache.get('key', loader)).toBe('old');
      await settle();
      expect(events).toEqual([{ type: 'refresh-failed', cache: 'shop', key: 'key', error }]);

      await clock.advance(299);
      expect(await cache.get('key')).toBeUndefined();
      for (let read = 0; read < 5; read += 1) expect(await cache.get('key', loader)).toBe('old');
      await settle();
      expect(loader.calls).toBe(1);

      await clock.advance(1);
      await cache.get('key', loader);
      await settle();
      expect(loader.calls).toBe(2);
      expect(cache.statistics().refreshes).toEqual({ success: 0, failure: 2 });
    });

    it('stands in for a failed load, to the exact end of its time, with one load per loadRetryMs', async () => {
      const { cache, clock } = setUp({ staleIfErrorMs: 500, loadRetryMs: 100 });
      await cache.set('key', 'old');
      await clock.advance(1_000);
      const loader = counted(() => Promise.reject(new Error('down')));
      for (let read = 0; read < 5; read += 1) expect(await cache.get('key', loader)).toBe('old');
      expect(loader.calls).toBe(1);

      await clock.advance(100);
      expect(await cache.get('key', loader)).toBe('old');
      expect(loader.calls).toBe(2);

      await clock.advance(399);
      expect(await cache.get('key', loader)).toBe('old');
      await clock.advance(1);
      await expect(cache.get('key', loader)).rejects.toThrow('down');
      expect(cache.statistics().staleServed).toEqual({ revalidating: 0, loadError: 7, unverified: 0 });
    });

    it('is dropped when a load brings something that is not to be kept', async () => {
      const { cache, clock } = setUp({ staleIfErrorMs: 60_000 });
      await cache.set('key', 'old');
      await clock.advance(1_000);
      const options = { ttlMs: 0, staleIfErrorMs: 0 };
      expect(await cache.get('key', () => 'new', options)).toBe('new');

      await expect(cache.get('key', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    });

    it('is given out for a shorter time to a caller who asks for that', async () => {
      const { cache, clock } = setUp({ staleWhileRevalidateMs: 500, staleIfErrorMs: 500 });
      await cache.set('key', 'old');
      await clock.advance(1_100);
      const down = (): Promise<string> => Promise.reject(new Error('down'));

      await expect(
        cache.get('key', down, { staleWhileRevalidateMs: 100, staleIfErrorMs: 100 }),
      ).rejects.toThrow('down');
      expect(await cache.get('key', down, { staleWhileRevalidateMs: 101 })).toBe('old');
    });

    it('is found in a lower tier as well, and refreshed', async () => {
      const rig = setUp({ staleWhileRevalidateMs: 500 });
      await rig.cache.set('key', 'old');
      await rig.clock.advance(1_000);
      const other = neighbour(rig);

      expect(await other.get('key', () => 'new')).toBe('old');
      await settle();
      expect(other.peek('key')).toBe('new');
    });

    it('is not refreshed by a loader when a lower tier has something fresh by then', async () => {
      const rig = setUp({ staleWhileRevalidateMs: 500 });
      await rig.cache.set('key', 'old');
      await rig.clock.advance(1_000);
      await neighbour(rig).set('key', 'new');
      const loader = counted(() => 'newest');

      expect(await rig.cache.get('key', loader)).toBe('old');
      await settle();
      expect(await rig.cache.get('key', loader)).toBe('new');
      expect(loader.calls).toBe(0);
    });

    it('is no answer where there is no loader', async () => {
      const { cache, clock } = setUp({ staleWhileRevalidateMs: 500 });
      await cache.set('key', 'old');
      await clock.advance(1_000);

      expect([await cache.get('key'), cache.peek('key')]).toEqual([undefined, undefined]);
      expect(await cache.getMany(['key'])).toEqual(new Map());
    });
  });

  it('does not end a shared refresh by the signal of the caller that set it off', async () => {
    const { cache, clock, l2 } = setUpL2({ ttlMs: 1_000, staleWhileRevalidateMs: 60_000 });
    await cache.set('key', 'old');
    await clock.advance(1_000);
    l2.fate = (operation) => ({ delayMs: operation === 'get' ? 10 : 0 });
    const leaving = new AbortController();
    expect(await cache.get('key', () => 'new', { signal: leaving.signal })).toBe('old');
    const waiting = cache.get('key', () => 'new', { staleWhileRevalidateMs: 0 });
    await settle();
    leaving.abort(new Error('left'));
    await cache.delete('key');
    await clock.advance(10);

    expect(await waiting).toBe('new');
  });
});
