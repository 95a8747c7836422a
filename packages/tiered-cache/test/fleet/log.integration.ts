import { describeWithRedis, until } from '@holdfast/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Fleet } from './fleet.ts';
import type { Node } from './node.ts';
import { onLog, Site } from './site.ts';
import { Traffic } from './traffic.ts';
import { sure } from './workload.ts';

const fleet = new Fleet(2);
beforeAll(() => fleet.start());
afterAll(() => fleet[Symbol.asyncDispose]());

const changed = Array.from({ length: 1_000 }, (_, index) => `changed ${index}`);
const others = Array.from({ length: 100 }, (_, index) => `other ${index}`);

describeWithRedis('a process whose connection to the log is killed', (server) => {
  const heard = async (node: Node): Promise<number> => (await node.statistics()).coherence.changes;
  const l1Hits = async (node: Node): Promise<number> => (await node.statistics()).lookups.l1Hit;

  it('is told all that it has missed, and keeps the rest', async () => {
    await using site = Site.alone(server);
    await using detour = await site.detour();
    await using opened = await fleet.open([detour.wiring('url'), site.direct('url')], sure);
    const {
      nodes: [a, b],
      truth,
    } = opened;
    await a.getMany([...changed, ...others]);
    await using traffic = await Traffic.watch(site, 1);
    detour.hold(onLog);
    for (const key of changed) truth.change(key);
    await Promise.all(changed.map((key) => b.delete(key)));
    expect(await heard(a)).toBe(0);
    const { readers } = traffic;
    await kill(readers, site);
    await detour.heal();
    await until('it reads on another connection', () => traffic.readers.size > readers.size);
    await until('it has heard of everything', async () => (await heard(a)) === changed.length);
    const hitsBefore = await l1Hits(a);
    const kept = await Promise.all(others.map((key) => a.peek(key)));

    expect(kept).toEqual(others.map(() => 0));
    expect(await l1Hits(a)).toBe(hitsBefore + others.length);
    expect(await Promise.all(changed.map((key) => a.peek(key)))).toEqual(changed.map(() => undefined));
    expect(new Set((await a.getMany(changed)).values())).toEqual(new Set([1]));
    expect((await a.statistics()).coherence).toMatchObject({ gaps: 0, epochs: 0 });
  });

  it('drops its memory if the log does not reach back so far, and says so', async () => {
    await using site = Site.alone(server);
    await using detour = await site.detour();
    const options = { redis: { maxLogEntries: 100 } };
    await using opened = await fleet.open([detour.wiring('url'), site.direct('url')], options);
    const {
      nodes: [a, b],
      truth,
    } = opened;
    await a.getMany([...changed, ...others]);
    await using traffic = await Traffic.watch(site, 1);
    detour.hold(onLog);
    for (const key of changed) truth.change(key);
    await Promise.all(changed.map((key) => b.delete(key)));
    await kill(traffic.readers, site);
    await detour.heal();
    await until('it has noticed', async () => (await a.statistics()).coherence.gaps > 0);

    const { coherence, tiers } = await a.statistics();
    expect(coherence).toMatchObject({ gaps: 1, epochs: 0 });
    expect(tiers.l1).toMatchObject({ entries: 0 });
    expect(await a.events()).toContainEqual({ type: 'memory-dropped', cache: 'shop', because: 'gap' });
    expect(new Set((await a.getMany(changed)).values())).toEqual(new Set([1]));
    await a.getMany(others);
    expect(others.map((key) => truth.loads(key))).toEqual(others.map(() => 1));
    const heardBefore = await heard(a);
    await b.delete('other 0');
    await until('it hears again', async () => (await heard(a)) === heardBefore + 1);
  });

  it('drops its memory if the log is lost before it was read', async () => {
    await using site = Site.alone(server);
    await using detour = await site.detour();
    await using opened = await fleet.open([detour.wiring('url'), site.direct('url')], sure);
    const {
      nodes: [a, b],
      truth,
      prefix,
    } = opened;
    await a.getMany(others);
    detour.blackhole(onLog);
    truth.change('other 0');
    await b.delete('other 0');
    await site.admin.del(`{${prefix}/shop}:log`);
    await detour.heal();
    await until('it has noticed', async () => (await a.statistics()).coherence.gaps === 1);

    expect(await a.get('other 0')).toBe(1);
    expect(await heard(a)).toBe(0);
  });
});

async function kill(connections: ReadonlySet<string>, { admin }: Site): Promise<void> {
  for (const address of connections) await admin.client('KILL', 'ADDR', address);
}
