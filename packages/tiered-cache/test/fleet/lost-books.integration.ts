import { randomUUID } from 'node:crypto';
import { describeWithRedis, until } from '@holdfast/test-support';
import { redis } from '@holdfast/tiered-cache/redis';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Fleet } from './fleet.ts';
import type { Node } from './node.ts';
import { onLog, Site } from './site.ts';
import { sure } from './workload.ts';

const fleet = new Fleet(3);
beforeAll(() => fleet.start());
afterAll(() => fleet[Symbol.asyncDispose]());

describeWithRedis('what was invalidated before a loss', (server) => {
  const books = ['log', 'meta', 'tags'];
  const lost = [...books.map((name) => [name]), ['meta', 'tags'], books];
  const changes: readonly [string, (node: Node) => Promise<unknown>][] = [
    ['deleteTag', (node) => node.deleteTag('tag')],
    ['clear', (node) => node.clear()],
  ];
  const cases = changes.flatMap(([what, change]) => lost.map((names) => [what, names, change] as const));

  it.each(cases)('is not given out by anybody: %s, and %j are lost', async (_what, names, change) => {
    await using site = Site.alone(server);
    await using before = await fleet.open(site.direct('url'));
    const { nodes, truth, prefix } = before;
    truth.tagsOf = () => ['tag'];
    await Promise.all(nodes.map((node) => node.get('key')));
    truth.change('key');
    const { position } = (await change(nodes[0])) as { position: bigint };
    await site.admin.del(...names.map((name) => `{${prefix}/shop}:${name}`));
    await using after = await fleet.open(site.direct('url'), { redis: { prefix } });
    after.truth.change('key');

    // Those who know nothing yet come first: what is in Redis is still the old one.
    expect(await Promise.all(after.nodes.map((node) => node.get('key')))).toEqual([1, 1, 1]);
    const told = nodes.map((node) => node.get('key', { after: position }));
    expect(await Promise.all(told)).toEqual([1, 1, 1]);
  });
});

describeWithRedis('what a process has invalidated itself', (server) => {
  const changes: readonly [string, (node: Node) => Promise<unknown>][] = [
    ['deleteTag', (node) => node.deleteTag('tag')],
    ['clear', (node) => node.clear()],
  ];

  it.each(changes)(
    'is not forgotten when it is told afterwards of a loss before: %s',
    async (_what, change) => {
      await using site = Site.alone(server);
      await using detour = await site.detour();
      await using opened = await fleet.open([detour.wiring('url'), site.direct('url')], sure);
      const { nodes, truth, prefix } = opened;
      const [a, b] = nodes;
      const epochs = async (node: Node): Promise<number> => (await node.statistics()).coherence.epochs;
      truth.tagsOf = () => ['tag'];
      await Promise.all([a.get('other'), b.get('other')]);
      detour.hold(onLog);
      await site.admin.del(`{${prefix}/shop}:meta`);
      await until('the other one begins anew', async () => (await epochs(b)) === 1);
      await until('the first one is about to be told', () => detour.held(onLog) > 0);
      await b.get('key');
      truth.change('key');
      await change(a);
      let looks = 0;
      await until('the first one begins anew', async () => {
        // Lets through what has been told and holds what follows; once more if that was told before the loss.
        if (looks % 100 === 0) detour.hold(onLog);
        looks += 1;
        return (await epochs(a)) === 1;
      });

      expect(await a.get('key')).toBe(1);
    },
  );
});

describeWithRedis('a Redis that forgets how far it was', (server) => {
  let site: Site;
  beforeAll(() => {
    site = Site.alone(server);
  });
  afterAll(() => site[Symbol.asyncDispose]());

  const told = { origin: 'test', settleMs: 0 };

  it.each([[['meta']], [['log']], [['log', 'meta', 'tags']]])(
    'gives out no position twice when it loses %j again and again',
    async (names) => {
      const prefix = `forgetful-${randomUUID()}`;
      await using cache = redis(site.admin, { prefix });
      const store = cache.coherent('shop');
      const positions: bigint[] = [];
      for (let round = 0; round < 200; round += 1) {
        positions.push(await store.delete(['key'], told));
        await site.admin.del(names.map((name) => `{${prefix}/shop}:${name}`));
      }

      const later = positions.slice(1).filter((position, index) => position > (positions[index] ?? 0n));
      expect(later).toHaveLength(positions.length - 1);
    },
  );

  it('goes on after the log that is left to it, although the clock went back meanwhile', async () => {
    const prefix = `forgetful-${randomUUID()}`;
    await using cache = redis(site.admin, { prefix });
    const store = cache.coherent('shop');
    const aheadMs = 99_999_999_999_999;
    await site.admin.xadd(`{${prefix}/shop}:log`, `${aheadMs}-5`, 'logged', 'before');

    expect(await store.delete(['key'], told)).toBe((BigInt(aheadMs) << 64n) + 6n);
  });
});
