import { describe, expect, it } from 'vitest';

import type { CoherentStore } from '../../src/coherence/coherent-store.ts';
import type { Stores } from './coherent-store-contract.ts';
import { envelope, plain, stampOf, tombstone } from './envelopes.ts';

const leaseMs = 60_000;
const life = { ttlMs: 60_000 };
const told = { origin: 'test' };

/** Stores as a loader does. */
export async function load(
  store: CoherentStore,
  key: string,
  bytes: Uint8Array,
  ttlMs = 60_000,
): Promise<boolean> {
  const token = `${key} ${Math.random()}`;
  const known = await store.get(key);
  const terms = { token, leaseMs, known: known === undefined ? undefined : stampOf(known) };
  expect(await store.acquire(key, terms)).toEqual({ outcome: 'granted' });
  return store.fill(key, token, bytes, { ttlMs });
}

const keys = [
  'a',
  'A',
  'a:b',
  'a b',
  '{a}',
  '{a}b',
  '{',
  '}',
  '}a',
  '}a}',
  '{}',
  '{}a',
  '}{a}',
  'a}b',
  '-}}a-',
  '*',
  '__proto__',
  'constructor',
  'ключ',
  '"',
  '\n',
  '%',
];

export function leasesContract(stores: () => Stores): void {
  describe('values and leases', () => {
    it('gives everybody the bytes that were stored, and nothing for what was not', async () => {
      const { here, there } = stores();
      const bytes = envelope({ payload: 'any \0 bytes \u{1F600}' });
      expect(await load(here, 'key', bytes)).toBe(true);

      expect(plain(await there.get('key'))).toEqual(bytes);
      expect(await there.get('other')).toBeUndefined();
      const found = await there.getMany(['other', 'key']);
      expect([...found.keys()]).toEqual(['key']);
      expect(plain(found.get('key'))).toEqual(bytes);
      expect(await there.getMany([])).toEqual(new Map());
    });

    it('keeps keys apart, whatever they are made of', async () => {
      const { here, there } = stores();
      for (const [index, key] of keys.entries()) await load(here, key, envelope({ payload: `${index}` }));

      const found = await there.getMany(keys);
      const payloads = keys.map((key) => plain(found.get(key))?.subarray(-String(keys.indexOf(key)).length));
      expect(payloads.map(String)).toEqual(keys.map((_, index) => String(index)));
      await there.delete([keys[0] ?? ''], { ...told, settleMs: 0 });
      expect((await here.getMany(keys)).size).toBe(keys.length - 1);
    });

    it('reads many keys of one turn one by one', async () => {
      const { here, there } = stores();
      await Promise.all(keys.map((key, stamp) => load(here, key, envelope({ stamp }))));
      const found = await Promise.all(keys.map((key) => there.get(key)));

      expect(found.map(plain)).toEqual(keys.map((_, stamp) => envelope({ stamp })));
    });

    it.each([1, 24.8 * 86_400_000, 10 * 365 * 86_400_000, 1e15, 1e300, Infinity])(
      'takes a life of %d ms',
      async (ttlMs) => {
        const { here, pass } = stores();
        await load(here, 'key', envelope(), ttlMs);
        await pass(5);

        expect((await here.get('key')) === undefined).toBe(ttlMs === 1);
      },
    );

    it('drops a value when its life is over', async () => {
      const { here, pass } = stores();
      await load(here, 'short', envelope(), 300);
      await here.set('set', envelope(), { ...told, ttlMs: 300 });
      expect((await here.getMany(['short', 'set'])).size).toBe(2);
      await pass(400);

      expect((await here.getMany(['short', 'set'])).size).toBe(0);
    });

    it('gives a lease to one of many who ask, and to the next when it is given back', async () => {
      const { here, there } = stores();
      const asked = await Promise.all(
        [here, there, here, there].map((store, index) =>
          store.acquire('key', { token: `t${index}`, leaseMs }),
        ),
      );
      const outcomes = asked.map(({ outcome }) => outcome);
      expect(outcomes.toSorted()).toEqual(['busy', 'busy', 'busy', 'granted']);
      const holder = `t${outcomes.indexOf('granted')}`;

      await there.release('key', 'another');
      expect(await there.acquire('key', { token: 'next', leaseMs })).toEqual({ outcome: 'busy' });
      await here.release('key', holder);
      expect(await there.acquire('key', { token: 'next', leaseMs })).toEqual({ outcome: 'granted' });
      expect(await here.fill('key', holder, envelope(), life)).toBe(false);
      expect(await here.get('key')).toBeUndefined();
    });

    it('gives a lease again to whoever holds it', async () => {
      const { here, there } = stores();
      await here.acquire('key', { token: 'one', leaseMs });

      expect(await here.acquire('key', { token: 'one', leaseMs })).toEqual({ outcome: 'granted' });
      expect(await there.acquire('key', { token: 'two', leaseMs })).toEqual({ outcome: 'busy' });
    });

    it('answers each of the keys that are asked for in one turn', async () => {
      const { here, there } = stores();
      await load(there, 'stored', envelope({ stamp: 7 }));
      await there.acquire('busy', { token: 'other', leaseMs });
      await there.delete(['settling'], { ...told, settleMs: 60_000 });
      const asked = ['free', 'stored', 'busy', 'settling', 'free'];
      const answers = await Promise.all(
        asked.map((key, at) => here.acquire(key, { token: `${at}`, leaseMs })),
      );

      expect(answers.map(({ outcome }) => outcome)).toEqual([
        'granted',
        'stored',
        'busy',
        'settling',
        'busy',
      ]);
    });

    it('fills each of the keys that are filled in one turn', async () => {
      const { here, there } = stores();
      const many = Array.from({ length: 250 }, (_, index) => `key ${index}`);
      const granted = await Promise.all(many.map((key) => here.acquire(key, { token: key, leaseMs })));
      expect(granted.every(({ outcome }) => outcome === 'granted')).toBe(true);
      await there.release('key 7', 'key 7');
      const filled = await Promise.all(
        many.map((key, stamp) => here.fill(key, key, envelope({ stamp }), life)),
      );

      expect(filled.flatMap((done, index) => (done ? [] : [index]))).toEqual([7]);
      const found = await there.getMany(many);
      expect(found.size).toBe(249);
      expect(plain(found.get('key 249'))).toEqual(envelope({ stamp: 249 }));
    });

    it('ends a lease with its time, unless it was renewed', async () => {
      const { here, there, pass } = stores();
      await here.acquire('lost', { token: 'one', leaseMs: 300 });
      await here.acquire('kept', { token: 'one', leaseMs: 300 });
      expect(await here.renew('kept', { token: 'one', leaseMs })).toBe(true);
      expect(await there.renew('kept', { token: 'two', leaseMs })).toBe(false);
      await pass(400);

      expect(await here.renew('lost', { token: 'one', leaseMs })).toBe(false);
      expect(await here.fill('lost', 'one', envelope(), life)).toBe(false);
      expect(await there.acquire('lost', { token: 'two', leaseMs })).toEqual({ outcome: 'granted' });
      expect(await there.acquire('kept', { token: 'two', leaseMs })).toEqual({ outcome: 'busy' });
      expect(await here.fill('kept', 'one', envelope(), life)).toBe(true);
    });

    it('ends a lease when it is filled', async () => {
      const { here, there } = stores();
      const bytes = envelope({ stamp: 1 });
      await load(here, 'key', bytes);

      expect(await there.acquire('key', { token: 'two', leaseMs, known: stampOf(bytes) })).toEqual({
        outcome: 'granted',
      });
    });

    it('gives what is stored by now instead of a lease, unless the caller knows it', async () => {
      const { here, there } = stores();
      const bytes = envelope({ stamp: 5, payload: 'loaded' });
      await load(here, 'key', bytes);
      const answer = await there.acquire('key', { token: 'two', leaseMs });

      expect(answer.outcome).toBe('stored');
      expect(answer.outcome === 'stored' && plain(answer.envelope)).toEqual(bytes);
      const older = stampOf(envelope({ stamp: 4 }));
      expect(await there.acquire('key', { token: 'two', leaseMs, known: older })).toMatchObject({
        outcome: 'stored',
      });
      const known = stampOf(bytes);
      expect(await there.acquire('key', { token: 'two', leaseMs, known })).toEqual({ outcome: 'granted' });
    });

    it.each([
      ['older', 4, false],
      ['equal', 5, true],
      ['newer', 6, true],
      ['no', -1, true],
    ])('fills over version 5 with %s version only if that is allowed', async (_what, version, allowed) => {
      const { here, there } = stores();
      const stored = envelope({ stamp: 1, version: 5 });
      await here.set('entry', stored, { ...told, ...life });
      const stone = { envelope: tombstone(5), ttlMs: 60_000 };
      await here.delete(['deleted'], { ...told, settleMs: 0, tombstone: stone });

      expect(await load(there, 'entry', envelope({ stamp: 2, version }))).toBe(allowed);
      expect(await load(there, 'deleted', envelope({ stamp: 2, version }))).toBe(allowed);
      expect(plain(await here.get('entry'))).toEqual(allowed ? envelope({ stamp: 2, version }) : stored);
      expect(await here.acquire('entry', { token: 'next', leaseMs })).toMatchObject({ outcome: 'stored' });
    });
  });
}
