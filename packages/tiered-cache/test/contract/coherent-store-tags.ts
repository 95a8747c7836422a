import { describe, expect, it } from 'vitest';

import type { Stores } from './coherent-store-contract.ts';
import { load } from './coherent-store-leases.ts';
import { envelope } from './envelopes.ts';

const told = { origin: 'test' };

export function tagsContract(stores: () => Stores): void {
  describe('tags and clear', () => {
    it('knows nothing of tags that were never invalidated', async () => {
      const { here } = stores();

      expect(await here.tags(['a', 'b'])).toEqual(new Map());
      expect(await here.tags([])).toEqual(new Map());
    });

    it('remembers for everybody when a tag was last deleted and last expired', async () => {
      const { here, there } = stores();
      const deleted = await here.invalidateTags(['a', 'b'], 'delete-tags', told);
      const expired = await there.invalidateTags(['b', 'c'], 'expire-tags', told);
      const last = await here.invalidateTags(['b'], 'delete-tags', told);

      expect([deleted < expired, expired < last]).toEqual([true, true]);
      expect(await there.tags(['a', 'b', 'c', 'd'])).toEqual(
        new Map([
          ['a', { deleted, expired: 0n }],
          ['b', { deleted: last, expired }],
          ['c', { deleted: 0n, expired }],
        ]),
      );
    });

    it('keeps tags apart from each other, whatever they are made of', async () => {
      const { here, there } = stores();
      const tags = ['a', 'd:a', 'e:a', '__proto__', 'constructor', '{', 'ключ', '\n'];
      const positions: bigint[] = [];
      for (const tag of tags) positions.push(await here.invalidateTags([tag], 'expire-tags', told));

      const found = await there.tags(tags);
      expect(tags.map((tag) => found.get(tag)?.expired)).toEqual(positions);
      expect(tags.map((tag) => found.get(tag)?.deleted)).toEqual(tags.map(() => 0n));
    });

    it('remembers more tags than fit into one step', async () => {
      const { here, there } = stores();
      const tags = Array.from({ length: 250 }, (_, index) => `tag ${index}`);
      const { mark } = await there.start('end');
      const position = await here.invalidateTags(tags, 'delete-tags', told);
      const page = await there.read(mark, 0);

      expect(page.changes.flatMap(({ names }) => names)).toEqual(tags);
      expect(page.mark.position).toBe(position);
      const found = await there.tags(tags);
      const logged = new Map(
        page.changes.flatMap((change) => change.names.map((name) => [name, change.position])),
      );
      expect(tags.map((tag) => found.get(tag)?.deleted)).toEqual(tags.map((tag) => logged.get(tag)));
    });

    it('touches no entry, neither by its tags nor by clear', async () => {
      const { here, there } = stores();
      await load(here, 'key', envelope());
      await there.invalidateTags(['a'], 'delete-tags', told);
      await there.clear(told);

      expect(await here.get('key')).toBeDefined();
    });

    it('tells everybody when everything was last cleared', async () => {
      const { here, there } = stores();
      const start = await there.start('end');
      expect(start.cleared).toBe(0n);
      await here.clear(told);
      const cleared = await here.clear({ origin: 'other' });
      const page = await there.read(start.mark, 0);

      expect([page.cleared, (await there.start('oldest')).cleared]).toEqual([cleared, cleared]);
      expect(page.changes.at(-1)).toMatchObject({
        position: cleared,
        origin: 'other',
        change: 'clear',
        names: [],
      });
    });
  });
}
