import { until } from '@holdfast/test-support';
import { expect, it } from 'vitest';

import type { Node } from '../node.ts';
import { onLog } from '../site.ts';
import type { Scene } from './scene.ts';

/** How the others are told that the key is no longer what it was. */
const changes: Readonly<Record<string, (node: Node) => Promise<unknown>>> = {
  delete: (node) => node.delete('key'),
  deleteTag: (node) => node.deleteTag('tag'),
  clear: (node) => node.clear(),
};

/** Bounded staleness: a process that hears of nothing any more knows that, and asks. */
export function boundStaleness({ fleet, client, at }: Scene): void {
  it('gives out nothing older than maxStalenessMs once the log has fallen silent', async () => {
    const site = at();
    const maxStalenessMs = 600;
    const silences = [
      ['hold', 'delete'],
      ['blackhole', 'delete'],
      ['hold', 'deleteTag'],
      ['blackhole', 'clear'],
    ] as const;
    const listen = async ([silence, change]: (typeof silences)[number]): Promise<void> => {
      await using detour = await site.detour();
      await using opened = await fleet.open([detour.wiring(client), site.direct(client)], { maxStalenessMs });
      const { nodes, truth } = opened;
      const [a, b] = nodes;
      await a.get('other');
      await until('memory holds it', async () => {
        await a.get('key', { tags: ['tag'] });
        return (await a.peek('key')) === 0;
      });
      detour[silence](onLog);
      truth.change('key');
      await changes[change]?.(b);
      const changedAt = performance.now();
      let lastOldMs = -Infinity;
      await until('the change shows', async () => {
        // Lets its event loop turn: the clock for hits has not been looked at since, however long the process was held up.
        await a.statistics();
        const askedAfterMs = performance.now() - changedAt;
        const isOld = (await a.get('key')) === 0;
        if (isOld) lastOldMs = askedAfterMs;
        return !isOld;
      });

      // Not because it was told.
      expect((await a.statistics()).coherence).toMatchObject({ changes: 0, gaps: 0, epochs: 0 });
      // A millisecond of the coarse clock, and one of rounding.
      expect(lastOldMs).toBeLessThanOrEqual(maxStalenessMs + 2);
      expect(await a.get('other')).toBe(0);
      expect([change, truth.loads('other')]).toEqual([change, change === 'clear' ? 2 : 1]);
      await detour.heal();
      await until('memory is believed again', async () => {
        await a.get('other');
        return (await a.peek('other')) === 0;
      });
      expect((await a.statistics()).coherence).toMatchObject({ gaps: 0, epochs: 0 });
    };

    await Promise.all(silences.map(listen));
  });
}
