import { describe, expect, it } from 'vitest';

import type { CoherentStore } from '../../src/coherence/coherent-store.ts';
import type { Stores } from './coherent-store-contract.ts';
import { load } from './coherent-store-leases.ts';
import { envelope, freshUntilOf, plain, stampOf, tombstone } from './envelopes.ts';

const leaseMs = 60_000;
const life = { ttlMs: 60_000 };
const told = { origin: 'test' };
const gone = { ...told, settleMs: 0 };

const endings: [string, (store: CoherentStore) => Promise<unknown>][] = [
  ['set', (store) => store.set('key', envelope({ stamp: 2 }), { ...told, ...life })],
  ['deleted', (store) => store.delete(['key'], gone)],
  ['deleted and held', (store) => store.delete(['key'], { ...told, settleMs: 60_000 })],
  ['expired', (store) => store.expire(['key'], 1_000, told)],
];

export function changesContract(stores: () => Stores): void {
  describe('changes', () => {
    it.each(endings)('stores nothing of a load when the key was %s meanwhile', async (_what, change) => {
      const { here, there } = stores();
      await here.acquire('key', { token: 'one', leaseMs });
      await change(there);

      expect(await here.renew('key', { token: 'one', leaseMs })).toBe(false);
      const before = plain(await here.get('key'));
      expect(await here.fill('key', 'one', envelope({ stamp: 3 }), life)).toBe(false);
      expect(plain(await here.get('key'))).toEqual(before);
    });

    it('sets over what is there, and refuses what is older', async () => {
      const { here, there } = stores();
      const set = (version: number, stamp: number): Promise<bigint | undefined> =>
        here.set('key', envelope({ version, stamp }), { ...told, ...life });
      const positions = [
        await set(-1, 1),
        await set(2, 2),
        await set(1, 3),
        await set(2, 4),
        await set(3, 5),
      ];

      expect(positions.map((position) => position !== undefined)).toEqual([true, true, false, true, true]);
      expect(plain(await there.get('key'))).toEqual(envelope({ version: 3, stamp: 5 }));
      expect(await set(-1, 6)).toBeDefined();
      expect(plain(await there.get('key'))).toEqual(envelope({ stamp: 6 }));
    });

    it('deletes keys, whether they are held or not', async () => {
      const { here, there } = stores();
      await load(here, 'a', envelope());
      await load(here, 'b', envelope());
      await there.delete(['a', 'none'], gone);

      expect([...(await here.getMany(['a', 'b', 'none'])).keys()]).toEqual(['b']);
      expect(await here.acquire('a', { token: 'one', leaseMs })).toEqual({ outcome: 'granted' });
    });

    it('deletes more keys than fit into one step', async () => {
      const { here, there } = stores();
      const keys = Array.from({ length: 250 }, (_, index) => `key ${index}`);
      await Promise.all(keys.map((key) => here.set(key, envelope(), { ...told, ...life })));
      const start = await there.start('end');
      const position = await there.delete(keys, gone);
      const page = await there.read(start.mark, 0);

      expect((await here.getMany(keys)).size).toBe(0);
      expect(page.changes.flatMap(({ names }) => names)).toEqual(keys);
      expect(page.mark.position).toBe(position);
    });

    it('has nothing to say of no keys and no tags', async () => {
      const { here } = stores();
      const { mark } = await here.start('end');
      await here.delete([], gone);
      await here.expire([], 1_000, told);
      await here.invalidateTags([], 'delete-tags', told);

      expect((await here.read(mark, 0)).changes.flatMap(({ names }) => names)).toEqual([]);
    });

    it('lets loads run but stores nothing of them while a deletion settles', async () => {
      const { here, there, pass } = stores();
      await load(here, 'key', envelope());
      await here.delete(['key'], { ...told, settleMs: 400 });
      expect(await there.acquire('key', { token: 'one', leaseMs })).toEqual({ outcome: 'settling' });
      expect(await there.fill('key', 'one', envelope(), life)).toBe(false);
      // Whatever is done meanwhile does not shorten it.
      await there.delete(['key'], gone);
      await there.delete(['key'], { ...told, settleMs: 1 });
      await there.expire(['key'], 1_000, told);
      await there.release('key', 'one');
      await pass(10);
      expect(await there.acquire('key', { token: 'one', leaseMs })).toEqual({ outcome: 'settling' });
      await pass(500);

      expect(await there.acquire('key', { token: 'one', leaseMs })).toEqual({ outcome: 'granted' });
    });

    it('takes a set while a deletion settles', async () => {
      const { here, there } = stores();
      await here.delete(['key'], { ...told, settleMs: 60_000 });
      await there.set('key', envelope({ stamp: 2 }), { ...told, ...life });

      expect(plain(await here.get('key'))).toEqual(envelope({ stamp: 2 }));
      expect(await here.acquire('key', { token: 'one', leaseMs })).toMatchObject({ outcome: 'stored' });
    });

    it('leaves a tombstone that refuses older sets until its life is over', async () => {
      const { here, there, pass } = stores();
      await here.set('key', envelope({ version: 4 }), { ...told, ...life });
      await here.delete(['key', 'other'], { ...gone, tombstone: { envelope: tombstone(5), ttlMs: 500 } });
      expect(plain(await there.get('key'))).toEqual(tombstone(5));
      expect(plain(await there.get('other'))).toEqual(tombstone(5));
      expect(await there.set('key', envelope({ version: 4 }), { ...told, ...life })).toBeUndefined();
      expect(await there.set('other', envelope({ version: 6 }), { ...told, ...life })).toBeDefined();
      await pass(600);

      expect(await there.get('key')).toBeUndefined();
      expect(await there.set('key', envelope({ version: 4 }), { ...told, ...life })).toBeDefined();
    });

    it('keeps what is newer than the tombstone', async () => {
      const { here, there } = stores();
      await here.set('key', envelope({ version: 6 }), { ...told, ...life });
      await there.delete(['key'], { ...gone, tombstone: { envelope: tombstone(5), ttlMs: 60_000 } });

      expect(plain(await here.get('key'))).toEqual(envelope({ version: 6 }));
      await there.delete(['key'], gone);
      expect(await here.get('key')).toBeUndefined();
    });

    it('gives a lease to whoever knows the tombstone', async () => {
      const { here, there } = stores();
      await here.delete(['key'], { ...gone, tombstone: { envelope: tombstone(5), ttlMs: 60_000 } });

      expect(await there.acquire('key', { token: 'one', leaseMs })).toMatchObject({ outcome: 'stored' });
      const known = stampOf(tombstone(5));
      expect(await there.acquire('key', { token: 'one', leaseMs, known })).toEqual({ outcome: 'granted' });
    });

    it('lowers an expiry and never raises it', async () => {
      const { here, there } = stores();
      const bytes = envelope({ freshUntil: 5_000, payload: 'kept' });
      await load(here, 'key', bytes);
      await there.expire(['none', 'key'], 7_000, told);
      expect(plain(await here.get('key'))).toEqual(bytes);
      await there.expire(['key'], 3_000.5, told);
      await there.expire(['key'], 4_000, told);

      expect(freshUntilOf(await here.get('key'))).toBe(3_000.5);
      expect(plain(await here.get('key'))).toEqual(envelope({ freshUntil: 3_000.5, payload: 'kept' }));
      expect(await here.get('none')).toBeUndefined();
    });

    it('leaves the life of what it expires as it was', async () => {
      const { here, pass } = stores();
      await load(here, 'key', envelope(), 400);
      await here.expire(['key'], 1_000, told);
      expect(await here.get('key')).toBeDefined();
      await pass(500);

      expect(await here.get('key')).toBeUndefined();
    });
  });
}
