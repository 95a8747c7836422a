import { describeWithRedisCluster, until } from '@holdfast/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Fleet } from './fleet.ts';
import { Site } from './site.ts';
import { Traffic } from './traffic.ts';
import { count, many, sure, warm } from './workload.ts';

const fleet = new Fleet(2);
beforeAll(() => fleet.start());
afterAll(() => fleet[Symbol.asyncDispose]());

const times = (command: string, calls: number): string[] => Array.from({ length: calls }, () => command);

describeWithRedisCluster('commands and round trips of one process to a Cluster', (cluster) => {
  it('are one more for a change of a key, and one command for each key', async () => {
    await using site = Site.cluster(cluster);
    await using detour = await site.detour();
    await using opened = await fleet.open([detour.wiring('ioredis'), site.direct('ioredis')], sure);
    const [a, b] = opened.nodes;
    await warm(a);
    await warm(b);
    await b.get('shared');
    await b.getMany(many('shared'));
    await using traffic = await Traffic.watch(site, 2);
    const during = (work: () => Promise<unknown>): ReturnType<Traffic['during']> =>
      traffic.during(detour, work);

    const miss = await during(() => a.get('key'));
    const memory = await during(() => a.get('key'));
    const shared = await during(() => a.get('shared'));
    const manyShared = await during(() => a.getMany(many('shared')));
    const manyMissing = await during(() => a.getMany(many('missing')));
    const set = await during(() => a.set('key', 1));
    const deletion = await during(() => a.delete('key'));
    const tags = await during(() => a.deleteTag('a'));
    const clear = await during(() => a.clear());

    expect([miss.commands, memory.commands, shared.commands]).toEqual([
      ['get', 'evalsha', 'evalsha'],
      [],
      ['get'],
    ]);
    expect(manyShared.commands).toEqual(times('get', count));
    expect(manyMissing.commands.toSorted()).toEqual([...times('evalsha', 2 * count), ...times('get', count)]);
    expect([set, deletion, tags, clear].map(({ commands }) => commands)).toEqual([
      ['evalsha', 'evalsha'],
      ['evalsha', 'evalsha'],
      ['evalsha'],
      ['evalsha'],
    ]);
  });

  it('are three for many keys that are missing: each waits for its own answers alone', async () => {
    await using site = Site.cluster(cluster);
    await using detour = await site.detour();
    await using opened = await fleet.open([detour.wiring('ioredis'), site.direct('ioredis')], sure);
    const { nodes, truth } = opened;
    const [a] = nodes;
    await warm(a);
    await using traffic = await Traffic.watch(site, 1);
    const start = await traffic.now();
    const gate = truth.gate('later 0');

    detour.hold({ sent: 'v:{later' });
    const answer = a.getMany(many('later'));
    await traffic.untilSent(start, 'get', count);
    // Lets those be answered, and holds the answers of what asks for leases.
    detour.hold({ sent: 'l:{later' });
    await traffic.untilSent(start, 'evalsha', count);
    await detour.heal();
    await until('all are loaded together', () => gate.waiting === 1);
    detour.hold({ sent: 'l:{later' });
    gate.open();
    await traffic.untilSent(start, 'evalsha', 2 * count);
    await detour.heal();

    expect((await answer).size).toBe(count);
  });
});
