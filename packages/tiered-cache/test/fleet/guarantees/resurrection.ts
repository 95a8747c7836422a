import { until } from '@holdfast/test-support';
import { expect, it } from 'vitest';

import { onLog } from '../site.ts';
import { hears, type Scene } from './scene.ts';

/** What the connections of values and leases have in common, for the key called `key`. */
const onKey = { sent: '{key}' };

/** No resurrection: what began before a deletion leaves nothing behind, in Redis or in memory. */
export function resurrectNothing({ fleet, client, at }: Scene): void {
  it.each(['hears of it', 'is deaf'])(
    'stores nothing that was being loaded while another process deleted it, if the one that loads %s',
    async (how) => {
      const site = at();
      await using detour = await site.detour();
      await using opened = await fleet.open([detour.wiring(client), site.direct(client)]);
      const { nodes, truth } = opened;
      const [a, b, c] = nodes;
      await a.get('other');
      if (how === 'is deaf') detour.hold(onLog);
      const gate = truth.gate('key');
      const overtaken = a.get('key');
      await until('the load has begun', () => gate.waiting === 1);
      truth.change('key');
      await b.delete('key');
      if (how === 'hears of it') await hears(a);
      gate.open();

      expect(await overtaken).toBe(0);
      expect(await c.entry('key')).toBeUndefined();
      expect(await Promise.all([a.get('key'), b.get('key'), c.get('key')])).toEqual([1, 1, 1]);
      expect((await a.statistics()).coherence.fillsRefused).toBe(how === 'is deaf' ? 1 : 0);
    },
  );

  it('lets nobody who asks after a deletion share a load that began before it', async () => {
    const site = at();
    await using opened = await fleet.open(site.direct(client));
    const { nodes, truth } = opened;
    const [a, b] = nodes;
    const gate = truth.gate('key');
    const overtaken = a.get('key');
    await until('the load has begun', () => gate.waiting === 1);
    truth.change('key');
    await b.delete('key');
    await hears(a);
    const later = a.get('key');
    await until('the later one loads, too', () => gate.waiting === 2);
    gate.open();

    expect(await Promise.all([overtaken, later])).toEqual([0, 1]);
    expect(await Promise.all(nodes.map((node) => node.get('key')))).toEqual([1, 1, 1]);
  });

  it.each([
    ['after', onKey],
    ['together with', undefined],
  ])(
    'holds nothing in memory that Redis answered before a deletion and that arrives %s it',
    async (_when, scope) => {
      const site = at();
      await using detour = await site.detour();
      await using opened = await fleet.open([detour.wiring(client), site.direct(client)]);
      const { nodes, truth } = opened;
      const [a, b] = nodes;
      // Opens its connections.
      await a.entry('key');
      await b.get('key');
      detour.hold(scope);
      const before = await site.calls('get');
      const overtaken = a.get('key');
      await until('Redis has answered', async () => (await site.calls('get')) > before);
      truth.change('key');
      await b.delete('key');
      if (scope === onKey) await hears(a);
      await detour.heal();

      expect(await overtaken).toBe(0);
      await hears(a);
      expect(await a.peek('key')).toBeUndefined();
      expect(await a.get('key')).toBe(1);
    },
  );

  it('stores nothing that a refresh in the background brings after another process deleted it', async () => {
    const site = at();
    await using opened = await fleet.open(site.direct(client), { staleWhileRevalidateMs: 600_000 });
    const { nodes, truth } = opened;
    const [a, b, c] = nodes;
    await a.get('key');
    await a.call('expire', ['key']);
    const gate = truth.gate('key');
    expect(await a.get('key')).toBe(0);
    await until('the refresh has begun', () => gate.waiting === 1);
    truth.change('key');
    await b.delete('key');
    gate.open();

    await until('the refresh is over', async () => {
      const { refreshes } = await a.statistics();
      return refreshes.success + refreshes.failure === 1;
    });
    expect(await c.entry('key')).toBeUndefined();
    await hears(a);
    expect(await Promise.all([a.get('key'), b.get('key')])).toEqual([1, 1]);
  });

  it('takes what was loaded for dead on arrival if its tag was deleted meanwhile', async () => {
    const site = at();
    await using opened = await fleet.open(site.direct(client));
    const { nodes, truth } = opened;
    const [a, b] = nodes;
    const options = { tags: ['tag'] };
    const gate = truth.gate('key');
    const overtaken = a.get('key', options);
    await until('the load has begun', () => gate.waiting === 1);
    truth.change('key');
    await b.deleteTag('tag');
    gate.open();

    expect(await overtaken).toBe(0);
    await hears(a);
    expect(await Promise.all(nodes.map((node) => node.get('key', options)))).toEqual([1, 1, 1]);
  });
}
