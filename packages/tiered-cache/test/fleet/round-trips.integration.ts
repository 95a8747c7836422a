import { describeWithRedis, until } from '@holdfast/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Fleet } from './fleet.ts';
import { onLog, Site } from './site.ts';
import { Traffic } from './traffic.ts';
import { many, sure, tagged, warm } from './workload.ts';

const fleet = new Fleet(2);
beforeAll(() => fleet.start());
afterAll(() => fleet[Symbol.asyncDispose]());

describeWithRedis('commands and round trips of one process to one Redis', (server) => {
  it('are as few as they can be', async () => {
    await using site = Site.alone(server);
    await using detour = await site.detour();
    await using opened = await fleet.open([detour.wiring('url'), site.direct('url')], sure);
    const [a, b] = opened.nodes;
    await warm(a);
    await warm(b);
    await b.get('shared');
    await b.get('shared with tags', tagged);
    await b.getMany(many('shared'));
    await using traffic = await Traffic.watch(site, 2);
    const during = (work: () => Promise<unknown>): ReturnType<Traffic['during']> =>
      traffic.during(detour, work);

    const miss = await during(() => a.get('key'));
    const memory = await during(() => a.get('key'));
    const taggedMiss = await during(() => a.get('tagged', tagged));
    const taggedMemory = await during(() => a.get('tagged', tagged));
    const shared = await during(() => a.get('shared'));
    const taggedShared = await during(() => a.get('shared with tags', tagged));
    const manyShared = await during(() => a.getMany(many('shared')));
    const manyMissing = await during(() => a.getMany(many('missing')));
    const set = await during(() => a.set('key', 1, tagged));
    const expire = await during(() => a.call('expire', ['key']));
    const deletion = await during(() => a.delete('key'));
    const tags = await during(() => a.deleteTag('a'));
    const clear = await during(() => a.clear());

    const one = { commands: ['evalsha'], roundTrips: 1 };
    expect({ memory, taggedMemory }).toEqual({
      memory: { commands: [], roundTrips: 0 },
      taggedMemory: { commands: [], roundTrips: 0 },
    });
    expect({ shared, taggedShared, manyShared }).toEqual({
      shared: { commands: ['get'], roundTrips: 1 },
      taggedShared: { commands: ['get'], roundTrips: 1 },
      manyShared: { commands: ['mget'], roundTrips: 1 },
    });
    expect({ miss, taggedMiss, manyMissing }).toEqual({
      miss: { commands: ['get', 'evalsha', 'evalsha'], roundTrips: 3 },
      taggedMiss: { commands: ['get', 'evalsha', 'evalsha'], roundTrips: 3 },
      manyMissing: { commands: ['mget', 'evalsha', 'evalsha'], roundTrips: 3 },
    });
    expect({ set, expire, deletion, tags, clear }).toEqual({
      set: one,
      expire: one,
      deletion: one,
      tags: one,
      clear: one,
    });
  });

  it('are two more, once, for an entry with tags that is older than the process', async () => {
    await using site = Site.alone(server);
    await using detour = await site.detour();
    await using before = await fleet.open(site.direct('url'), sure);
    const [, b] = before.nodes;
    await warm(b);
    for (const key of ['one', 'other']) await b.get(key, tagged);
    await b.get('another', { tags: ['c'] });
    await b.delete('something else');
    await using after = await fleet.open([detour.wiring('url'), site.direct('url')], {
      ...sure,
      redis: { prefix: before.prefix },
    });
    const [a] = after.nodes;
    await a.get('another', { tags: ['c'] });
    await using traffic = await Traffic.watch(site, 2);

    const first = await traffic.during(detour, () => a.get('one', tagged));
    const second = await traffic.during(detour, () => a.get('other', tagged));
    expect(first).toEqual({ commands: ['get', 'evalsha', 'evalsha'], roundTrips: 3 });
    expect(second).toEqual({ commands: ['get'], roundTrips: 1 });
  });

  it('are one more for any number of keys while the log is silent', async () => {
    await using site = Site.alone(server);
    await using detour = await site.detour();
    const options = { maxStalenessMs: 100 };
    await using opened = await fleet.open([detour.wiring('url'), site.direct('url')], options);
    const [a, b] = opened.nodes;
    await warm(b);
    await b.getMany(many('shared'));
    await a.get('key');
    await using traffic = await Traffic.watch(site, 2);
    detour.hold(onLog);
    await until('memory is not believed any more', async () => (await a.peek('key')) === undefined);

    expect(await traffic.during(detour, () => a.getMany(many('shared')))).toEqual({
      commands: ['mget', 'evalsha'],
      roundTrips: 2,
    });
  });

  it('are at most 4 commands a second from a process at rest', async () => {
    await using site = Site.alone(server);
    await using alone = new Fleet(1);
    await using opened = await alone.open(site.direct('url'));
    await opened.nodes[0].get('key');
    await using traffic = await Traffic.watch(site, 1);

    expect(await traffic.rate(3)).toBeLessThanOrEqual(4.05);
  });
});
