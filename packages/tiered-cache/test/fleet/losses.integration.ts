import {
  describeWithRedis,
  describeWithRedisCluster,
  type RedisServer,
  startRedis,
} from '@holdfast/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { endure, type Loss, pick } from './endurance.ts';
import { Fleet } from './fleet.ts';
import { Site } from './site.ts';

const fleet = new Fleet(3);
beforeAll(() => fleet.start());
afterAll(() => fleet[Symbol.asyncDispose]());

const loseOneKey: Loss = async ({ admins }, prefix) => {
  const found = await Promise.all(admins.map(async (admin) => admin.keys(`*${prefix}*`)));
  const all = found.flatMap((names, at) => names.map((name) => [at, name] as const));
  const [at, name] = pick(all) ?? [];
  if (at !== undefined && name !== undefined) await admins[at]?.del(name);
};
const loseBooks: Loss = async ({ admins }, prefix, step) => {
  const name = `{${prefix}/shop}:${['log', 'meta', 'tags'][step % 3]}`;
  // On a Cluster only one node has them.
  await Promise.all(admins.map((admin) => admin.del(name).catch(() => 0)));
};
const loseAll: Loss = async ({ admins }) => pick(admins)?.flushall();

const losses: readonly Loss[] = [loseOneKey, loseOneKey, loseOneKey, loseBooks, loseAll];

describeWithRedis('a fleet whose Redis loses things only misses', () => {
  it.concurrent('when one of its keys is lost at a time, or all', async () => {
    await using server = await startRedis({ controllable: true });
    const { epochs } = await endure(fleet, Site.alone(server), 'url', loseAny);

    expect(epochs).toBeGreaterThan(0);
  });

  it.concurrent('when keys are evicted for lack of memory', async () => {
    const settings = { maxmemory: '3mb', 'maxmemory-policy': 'allkeys-lru', 'maxmemory-samples': '1' };
    await using server = await startRedis({ settings, controllable: true });
    const site = Site.alone(server);
    await endure(fleet, site, 'ioredis', async ({ admin }, _prefix, step) => {
      const ballast = admin.pipeline();
      for (let index = 0; index < 20; index += 1) ballast.set(`ballast ${step} ${index}`, 'x'.repeat(20_000));
      await ballast.exec();
    });
    await using after = Site.alone(server);

    expect(Number(/evicted_keys:(\d+)/.exec(await after.admin.info('stats'))?.[1])).toBeGreaterThan(500);
  });

  it.concurrent('when it is restarted empty', async () => {
    await using server = await startRedis({ controllable: true });
    const { epochs } = await endure(fleet, Site.alone(server), 'url', (_site, _prefix, step) =>
      restart(server, step),
    );

    expect(epochs).toBeGreaterThan(0);
  });
});

describeWithRedisCluster('a fleet whose Cluster loses things only misses', (cluster) => {
  it('when one of its keys is lost at a time, or all of a node', async () => {
    const { epochs } = await endure(fleet, Site.cluster(cluster), 'ioredis', loseAny);

    expect(epochs).toBeGreaterThan(0);
  });
});

const loseAny: Loss = (site, prefix, step) => {
  const loss = losses[step % losses.length];
  return loss === undefined ? Promise.resolve() : loss(site, prefix, step);
};

/** Three times, and not before work has begun. */
async function restart(server: RedisServer, step: number): Promise<void> {
  if (step % 15 !== 5) return;
  await server.stop();
  await server.start();
}
