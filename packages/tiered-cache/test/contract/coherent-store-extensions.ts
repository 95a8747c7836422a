import { describe, expect, it } from 'vitest';

import type { Extension } from '../../src/coherence/coherent-store.ts';
import type { Stores } from './coherent-store-contract.ts';
import { envelope, freshUntilOf, plain, stampOf, tombstone } from './envelopes.ts';

const life = { ttlMs: 60_000 };
const told = { origin: 'test' };
const sliding = { slidingMs: 1_000, freshUntil: 5_000 };

function extension(changed: Partial<Extension> = {}): Extension {
  return { stamp: stampOf(envelope()), freshUntil: 6_000.5, ttlMs: 60_000, ...changed };
}

/** What a store owes those whose entries slide. */
export function extensionsContract(stores: () => Stores): void {
  describe('extend', () => {
    it('raises the expiry of what slides, and changes nothing else of it', async () => {
      const { here, there } = stores();
      await here.set('key', envelope({ ...sliding, payload: 'kept' }), { ...told, ...life });

      expect(await there.extend('key', extension())).toBe(6_000.5);
      expect(plain(await here.get('key'))).toEqual(
        envelope({ ...sliding, freshUntil: 6_000.5, payload: 'kept' }),
      );
    });

    it('lowers no expiry, and tells how far somebody else has raised it', async () => {
      const { here, there } = stores();
      await here.set('key', envelope(sliding), { ...told, ...life });
      await here.extend('key', extension({ freshUntil: 8_000 }));

      expect(await there.extend('key', extension({ freshUntil: 7_000 }))).toBe(8_000);
      expect(freshUntilOf(await here.get('key'))).toBe(8_000);
    });

    it('refuses what is another entry by now, what does not slide, and a tombstone', async () => {
      const { here, there } = stores();
      await here.set('replaced', envelope({ ...sliding, stamp: 2 }), { ...told, ...life });
      await here.set('fixed', envelope({ freshUntil: 5_000 }), { ...told, ...life });
      await here.delete(['deleted'], {
        ...told,
        settleMs: 0,
        tombstone: { envelope: tombstone(5), ttlMs: 60_000 },
      });

      expect(
        await Promise.all(['replaced', 'fixed', 'deleted'].map((key) => there.extend(key, extension()))),
      ).toEqual(['refused', 'refused', 'refused']);
      expect(freshUntilOf(await here.get('replaced'))).toBe(5_000);
      expect(freshUntilOf(await here.get('fixed'))).toBe(5_000);
    });

    it('has nothing to say of what is not there', async () => {
      const { here, there } = stores();
      await here.set('key', envelope(sliding), { ...told, ...life });
      await here.delete(['key'], { ...told, settleMs: 0 });

      expect(await there.extend('key', extension())).toBeUndefined();
      expect(await here.get('key')).toBeUndefined();
    });

    it.each([
      ['before its end', 3_000],
      ['after its end', 7_000],
    ])('refuses what was expired, %s', async (_when, at) => {
      const { here, there } = stores();
      await here.set('key', envelope(sliding), { ...told, ...life });
      await here.expire(['key'], at, told);

      expect(await there.extend('key', extension())).toBe('refused');
      expect(freshUntilOf(await here.get('key'))).toBe(Math.min(at, 5_000));
    });

    it('keeps what it lengthens for as long as it is told to, and no less than before', async () => {
      const { here, there, pass } = stores();
      for (const key of ['longer', 'as before', 'unasked'])
        await here.set(key, envelope(sliding), { ...told, ttlMs: key === 'as before' ? 60_000 : 400 });
      await there.extend('longer', extension());
      await there.extend('as before', extension({ ttlMs: 100 }));
      await pass(500);

      expect([...(await here.getMany(['longer', 'as before', 'unasked'])).keys()].toSorted()).toEqual([
        'as before',
        'longer',
      ]);
    });

    it('keeps for good what is to live without end', async () => {
      const { here, there, pass } = stores();
      await here.set('key', envelope(sliding), { ...told, ttlMs: 400 });
      await there.extend('key', extension({ ttlMs: Infinity }));
      await pass(500);

      expect(await here.get('key')).toBeDefined();
    });

    it('answers each of many that are asked at once by itself', async () => {
      const { here, there } = stores();
      const keys = Array.from({ length: 250 }, (_, index) => `key ${index}`);
      const some = keys.filter((_, index) => index % 3 !== 0);
      await Promise.all(some.map((key) => here.set(key, envelope(sliding), { ...told, ...life })));
      const asked = keys.map((key, index) => there.extend(key, extension({ freshUntil: 6_000 + index })));

      expect(await Promise.all(asked)).toEqual(
        keys.map((_, index) => (index % 3 === 0 ? undefined : 6_000 + index)),
      );
    });

    it('leaves the lease of a key and the log alone', async () => {
      const { here, there } = stores();
      await here.set('key', envelope(sliding), { ...told, ...life });
      const known = stampOf(envelope());
      await here.acquire('key', { token: 'one', leaseMs: 60_000, known });
      const { mark } = await here.start('end');
      await there.extend('key', extension());

      expect((await here.read(mark, 0)).changes).toEqual([]);
      expect(await here.fill('key', 'one', envelope({ stamp: 3 }), life)).toBe(true);
    });
  });
}
