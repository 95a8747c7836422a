import { createCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { counted, setUp } from './rig.ts';

describe('TieredCache', () => {
  describe('disposal', () => {
    it('waits for writes under way, disposes the tiers, calls refreshes off and leaves no timer', async () => {
      const { cache, clock, l2, l3, events } = setUp({ staleWhileRevalidateMs: 60_000 });
      l2.fate = () => ({ delayMs: 10 });
      let signal: AbortSignal | undefined;
      await Promise.all([cache.set('key', 1), clock.advance(1_000)]);
      await cache.get('key', (context) => {
        ({ signal } = context);
        return new Promise(() => undefined);
      });
      await clock.advance(20);
      void cache.set('late', 2);
      const disposing = cache[Symbol.asyncDispose]();
      expect(l2.disposed).toBe(false);
      await clock.advance(10);
      await disposing;

      expect([l2.disposed, l3.disposed, l2.entries.has('shop:v:late')]).toEqual([true, true, true]);
      expect(signal?.aborted).toBe(true);
      expect(events).toEqual([]);
      expect(clock.pending()).toBe(0);
    });

    it('waits for every write, also after one has timed out', async () => {
      const { cache, clock, l2 } = setUp({ l3: undefined });
      const delays = [Infinity, 10, 30];
      l2.fate = () => ({ delayMs: delays.shift() });
      void cache.set('a', 1);
      await clock.advance(250);
      void cache.set('b', 2);
      void cache.set('c', 3);
      const disposing = cache[Symbol.asyncDispose]();
      await clock.advance(29);
      expect(l2.disposed).toBe(false);

      await clock.advance(1);
      await disposing;
      expect([...l2.entries.keys()]).toEqual(['shop:v:b', 'shop:v:c']);
    });

    it('starts no load for a read that waits for a tier, and keeps nothing of it', async () => {
      const { cache, clock, l2 } = setUp({ l3: undefined });
      l2.fate = () => ({ delayMs: 10 });
      const load = counted(() => 1);
      const reading = cache.get('key', load).catch((error: unknown) => error);
      const disposing = cache[Symbol.asyncDispose]();
      await clock.advance(10);
      await disposing;

      expect(await reading).toMatchObject({ code: 'ERR_CACHE_DISPOSED' });
      expect(load.calls).toBe(0);
      expect(cache.peek('key')).toBeUndefined();
    });

    it.each([
      [
        'throws',
        () => {
          throw new Error('l2 is stuck');
        },
      ],
      ['rejects', () => Promise.reject(new Error('l2 is stuck'))],
    ])('reaches every tier also if that of one %s, and then rejects', async (_how, dispose) => {
      const { cache, l2, l3 } = setUp();
      l2[Symbol.asyncDispose] = dispose;

      await expect(cache[Symbol.asyncDispose]()).rejects.toThrow('l2 is stuck');
      expect(l3.disposed).toBe(true);
    });

    it('gives its tiers back also if the store of one of them cannot be disposed', async () => {
      const { cache, l2, l3 } = setUp();
      await cache[Symbol.asyncDispose]();
      const coherent = { [Symbol.asyncDispose]: () => Promise.reject(new Error('the log is stuck')) };
      const shared = Object.assign(l2, { disposed: false, coherent: () => coherent });
      const other = createCache({ namespace: 'n', ttlMs: 1_000, l2: shared, l3 });

      await expect(other[Symbol.asyncDispose]()).rejects.toThrow('the log is stuck');
      expect(l2.disposed).toBe(true);
    });

    it('is waited for by whoever asks for it a second time', async () => {
      const { cache, clock, l2 } = setUp({ l3: undefined });
      l2.fate = () => ({ delayMs: 10 });
      void cache.set('late', 1);
      void cache[Symbol.asyncDispose]();
      const second = cache[Symbol.asyncDispose]().then(() => l2.disposed);
      await clock.advance(10);

      expect(await second).toBe(true);
    });

    it('rejects every method afterwards', async () => {
      const { cache } = setUp();
      await cache.set('key', 1);
      await cache[Symbol.asyncDispose]();
      await cache[Symbol.asyncDispose]();

      const disposed = { code: 'ERR_CACHE_DISPOSED', cache: 'shop' };
      await expect(cache.get('key', () => 1)).rejects.toMatchObject(disposed);
      await expect(cache.getMany(['key'])).rejects.toMatchObject(disposed);
      await expect(cache.entry('key')).rejects.toMatchObject(disposed);
      await expect(cache.set('key', 1)).rejects.toMatchObject(disposed);
      await expect(cache.delete('key')).rejects.toMatchObject(disposed);
      await expect(cache.clear()).rejects.toMatchObject(disposed);
      expect(cache.peek('key')).toBeUndefined();
    });
  });
});
