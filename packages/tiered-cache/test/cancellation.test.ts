import { settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { counted, setUp } from './rig.ts';

describe('TieredCache', () => {
  describe('cancellation', () => {
    it('rejects a caller that leaves with its own reason and lets the load go on for the others', async () => {
      const { cache } = setUp();
      const load = Promise.withResolvers<number>();
      const leaver = new AbortController();
      let aborted: boolean | undefined;
      const loader = (context: { signal: AbortSignal }): Promise<number> => {
        context.signal.addEventListener('abort', () => (aborted = true));
        return load.promise;
      };
      const leaving = cache.get('key', loader, { signal: leaver.signal });
      const staying = cache.get('key', loader);
      await settle();
      leaver.abort('changed my mind');

      await expect(leaving).rejects.toBe('changed my mind');
      load.resolve(7);
      expect(await staying).toBe(7);
      expect(aborted).toBeUndefined();
    });

    it('calls the loader off when everybody has left', async () => {
      const { cache } = setUp();
      const leaver = new AbortController();
      let signal: AbortSignal | undefined;
      const leaving = cache.get(
        'key',
        (context) => {
          ({ signal } = context);
          return new Promise<number>(() => undefined);
        },
        { signal: leaver.signal },
      );
      await settle();
      leaver.abort('enough');

      await expect(leaving).rejects.toBe('enough');
      expect(signal?.aborted).toBe(true);
      expect(await cache.get('key', () => 'next')).toBe('next');
    });

    it('rejects a call that was cancelled before it began, be it a hit', async () => {
      const { cache } = setUp();
      await cache.set('key', 1);
      const loader = counted(() => 1);
      const signal = AbortSignal.abort('gone');

      await expect(cache.get('key', loader, { signal })).rejects.toBe('gone');
      await expect(cache.get('other', loader, { signal })).rejects.toBe('gone');
      await expect(cache.get('other', undefined, { signal })).rejects.toBe('gone');
      expect(loader.calls).toBe(0);
    });

    it('rejects a caller that leaves with its own reason, also where a stale value may stand in', async () => {
      const { cache, clock } = setUp({ staleIfErrorMs: 10_000 });
      await cache.set('held', 'old');
      await clock.advance(1_000);
      const leaving = new AbortController();
      const never = (): Promise<string> => new Promise(() => undefined);
      const left = cache.get('held', never, { signal: leaving.signal }).catch((error: unknown) => error);
      await clock.advance(1);
      leaving.abort('gone');

      expect(await left).toBe('gone');
    });

    it('says nothing about a loader that takes longer than a caller had: the next one has it run again', async () => {
      const { cache, clock } = setUp({ staleIfErrorMs: 10_000 });
      await cache.set('held', 'old');
      await clock.advance(1_000);
      const served = cache.get('held', () => new Promise<string>(() => undefined), { deadlineMs: 50 });
      await clock.advance(50);

      expect([await served, await cache.get('held', () => 'new')]).toEqual(['old', 'new']);
    });

    it('leaves no timer of a deadline behind when a tier has answered before', async () => {
      const { cache, clock, l2 } = setUp();
      l2.fate = () => ({ delayMs: 10 });
      const reading = cache.get('key', undefined, { deadlineMs: 60_000 });
      await clock.advance(100);
      await reading;

      expect(clock.pending('foreground')).toBe(0);
    });

    it('rejects at the deadline, or serves what may stand in for an error', async () => {
      const { cache, clock } = setUp({ staleIfErrorMs: 10_000 });
      await cache.set('held', 'old');
      await clock.advance(1_000);
      const never = (): Promise<string> => new Promise(() => undefined);
      const refused = cache.get('missing', never, { deadlineMs: 50 }).catch((error: unknown) => error);
      const served = cache.get('held', never, { deadlineMs: 50 });
      await clock.advance(50);

      expect(await refused).toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
      expect(await served).toBe('old');
    });
  });
});
