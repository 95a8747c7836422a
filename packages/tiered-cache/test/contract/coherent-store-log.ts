import { describe, expect, it } from 'vitest';

import type { CoherentStore, Invalidation, LogMark } from '../../src/coherence/coherent-store.ts';
import type { Stores } from './coherent-store-contract.ts';
import { load } from './coherent-store-leases.ts';
import { envelope } from './envelopes.ts';

const life = { ttlMs: 60_000 };
const told = { origin: 'test' };
const gone = { ...told, settleMs: 0 };

/** Reads to the end. Fails on a gap. */
export async function readAll(store: CoherentStore, from: LogMark): Promise<Invalidation[]> {
  const changes: Invalidation[] = [];
  for (let mark = from; ;) {
    const page = await store.read(mark, 0);
    expect(page.gap).toBe(false);
    changes.push(...page.changes);
    if (!page.more) return changes;
    ({ mark } = page);
  }
}

export function logContract(stores: () => Stores): void {
  describe('log', () => {
    it('tells every reader what happened since its mark, in order', async () => {
      const { here, there } = stores();
      await here.delete(['before'], gone);
      const start = await there.start('end');
      const positions = [
        await here.set('a', envelope(), { ...told, ...life }),
        await there.delete(['b', 'c'], { origin: 'other', settleMs: 5 }),
        await here.expire(['{d}'], 1_000, told),
        await here.invalidateTags(['t'], 'delete-tags', told),
        await there.invalidateTags(['t', 'ü'], 'expire-tags', told),
        await here.clear(told),
      ];

      const expected = [
        { position: positions[0], origin: 'test', change: 'set', names: ['a'] },
        { position: positions[1], origin: 'other', change: 'delete', names: ['b', 'c'] },
        { position: positions[2], origin: 'test', change: 'expire', names: ['{d}'] },
        { position: positions[3], origin: 'test', change: 'delete-tags', names: ['t'] },
        { position: positions[4], origin: 'test', change: 'expire-tags', names: ['t', 'ü'] },
        { position: positions[5], origin: 'test', change: 'clear', names: [] },
      ];
      expect(await readAll(here, start.mark)).toMatchObject(expected);
      expect(await readAll(there, start.mark)).toMatchObject(expected);
      expect(positions).toEqual(positions.toSorted((one, other) => ((one ?? 0n) < (other ?? 0n) ? -1 : 1)));
    });

    it('says nothing of what invalidates nothing', async () => {
      const { here, there } = stores();
      await here.set('versioned', envelope({ version: 5 }), { ...told, ...life });
      const { mark } = await there.start('end');
      await load(here, 'key', envelope());
      await here.acquire('other', { token: 'one', leaseMs: 1_000 });
      await here.release('other', 'one');
      await here.set('versioned', envelope({ version: 4 }), { ...told, ...life });

      expect(await there.read(mark, 0)).toMatchObject({ changes: [], more: false, gap: false, mark });
    });

    it('begins at its end or at the oldest change', async () => {
      const { here, there } = stores();
      const empty = [await here.start('oldest'), await here.start('end')];
      expect(await readAll(here, (await here.start('oldest')).mark)).toEqual([]);
      const first = await here.delete(['a'], gone);
      const second = await here.delete(['b'], gone);
      const { mark } = await there.start('oldest');

      expect((await readAll(there, mark)).map(({ position }) => position)).toEqual([first, second]);
      expect(mark.position).toBeLessThan(first);
      expect((await there.start('end')).mark.position).toBe(second);
      for (const start of empty) expect(await readAll(there, start.mark)).toHaveLength(2);
    });

    it('takes the mark of another store', async () => {
      const { here, there } = stores();
      const { mark } = await here.start('end');
      await there.delete(['a'], gone);
      const page = await here.read(mark, 0);
      await here.delete(['b'], gone);

      expect((await readAll(there, page.mark)).map(({ names }) => names)).toEqual([['b']]);
    });

    it('gives thousands of changes, each once', async () => {
      const { here, there } = stores();
      const { mark } = await there.start('end');
      const keys = Array.from({ length: 2_500 }, (_, index) => `key ${index}`);
      for (let index = 0; index < keys.length; index += 500)
        await Promise.all(keys.slice(index, index + 500).map((key) => here.delete([key], gone)));

      const names = (await readAll(there, mark)).flatMap((change) => change.names);
      expect(names.toSorted()).toEqual(keys.toSorted());
    });

    it('wakes a reader that waits', async () => {
      const { here, there, pass } = stores();
      const { mark } = await there.start('end');
      const reading = there.read(mark, 50_000);
      await pass(50);
      const position = await here.delete(['key'], gone);
      const page = await reading;

      expect(page.changes.map((change) => change.position)).toEqual([position]);
      expect(page.mark.position).toBe(position);
    });

    it('gives what is there to a reader that is ready to wait', async () => {
      const { here, there } = stores();
      const { mark } = await there.start('end');
      await here.delete(['key'], gone);

      expect((await there.read(mark, 50_000)).changes).toHaveLength(1);
    });

    it('proves after a wait that nothing has happened', async () => {
      const { there, pass } = stores();
      const { mark } = await there.start('end');
      const reading = there.read(mark, 100);
      await pass(150);

      expect(await reading).toMatchObject({ changes: [], more: false, gap: false, mark });
    });

    it('has made a change before it tells of it', async () => {
      const { here, there } = stores();
      await load(here, 'key', envelope({ stamp: 1 }));
      const { mark } = await there.start('end');
      const reading = there.read(mark, 50_000);
      const deleting = here.delete(['key'], gone);
      await reading;
      const seen = await there.get('key');
      await deleting;

      expect(seen).toBeUndefined();
    });

    it('has one epoch for everybody', async () => {
      const { here, there } = stores();
      const one = await here.start('end');
      await here.clear(told);
      const other = await there.start('oldest');

      expect(one.epoch).toBe(other.epoch);
      expect(one.epoch).toBeGreaterThan(0n);
      expect([one.cleared, one.tagFloor, other.tagFloor]).toEqual([0n, 0n, 0n]);
      const { epoch, cleared, tagFloor } = other;
      expect(await here.state()).toEqual({ epoch, cleared, tagFloor });
    });

    it('lets a reader go that waits when its store is disposed', async () => {
      const { here } = stores();
      const { mark } = await here.start('end');
      const reading = here.read(mark, 50_000).catch((error: unknown) => error);
      await here[Symbol.asyncDispose]();

      expect(await reading).toBeInstanceOf(Error);
    });
  });
}
