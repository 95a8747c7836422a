import { describeWithRedis, startRedis } from '@holdfast/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { failures, slowToLoad } from './failures.ts';
import { Fleet, type Opened } from './fleet.ts';
import type { ClientKind } from './messages.ts';
import { expectAgreement, expectPrompt, holdSomething, tierTimeoutMs } from './promptness.ts';
import { type Detour, Site } from './site.ts';

const clients: readonly ClientKind[] = ['url', 'ioredis', 'ioredis-5', 'node-redis'];
const fleet = new Fleet(clients.length);
beforeAll(() => fleet.start());
afterAll(() => fleet[Symbol.asyncDispose]());

describeWithRedis('a Redis that fails', () => {
  // It expects through others.
  // oxlint-disable-next-line vitest/expect-expect
  it.concurrent.each(failures)('%s and keeps nobody waiting', async (_what, begin, end) => {
    await using server = await startRedis({ settings: slowToLoad, controllable: true });
    await using site = Site.alone(server);
    await using detour = await site.detour();
    await using opened = await openAll(detour);
    const scene = { server, site, detour, prefix: opened.prefix, size: clients.length };
    await holdSomething(opened);
    await begin(scene);
    try {
      await expectPrompt(opened);
      // Nor those who start meanwhile.
      await using late = await openAll(detour);
      await expectPrompt(late);
    } finally {
      await end(scene);
    }

    await expectAgreement(opened);
  });

  it.concurrent('keeps no process alive whose caches are disposed', async () => {
    await using server = await startRedis({ controllable: true });
    await using site = Site.alone(server);
    await using refusing = await site.detour();
    await using swallowing = await site.detour();
    await using leaving = new Fleet(3);
    const wirings = [refusing.wiring('url'), swallowing.wiring('ioredis'), site.direct('url')];
    const { nodes } = await leaving.open(wirings, { tierTimeoutMs });
    await Promise.all(nodes.map((node) => node.get('key')));
    await refusing.cut();
    swallowing.blackhole();
    await server.pause();
    await Promise.all(nodes.map((node) => node.delete('key')));

    await expect(leaving[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });
});

function openAll(detour: Detour): Promise<Opened> {
  return fleet.open(
    clients.map((client) => detour.wiring(client)),
    { tierTimeoutMs },
  );
}
