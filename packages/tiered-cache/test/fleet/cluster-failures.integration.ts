import { describeWithRedisCluster, type RedisServer } from '@holdfast/test-support';
import { afterAll, beforeAll, it } from 'vitest';

import { Fleet } from './fleet.ts';
import { expectAgreement, expectPrompt, holdSomething, tierTimeoutMs } from './promptness.ts';
import { Site } from './site.ts';

const clients = ['ioredis', 'ioredis-5', 'node-redis'] as const;
const fleet = new Fleet(clients.length);
beforeAll(() => fleet.start());
afterAll(() => fleet[Symbol.asyncDispose]());

describeWithRedisCluster('a Cluster of which a node fails', (cluster) => {
  const turns: readonly [what: string, begin: (node: RedisServer) => Promise<void>][] = [
    ['frozen', (node) => node.pause()],
    ['gone', (node) => node.kill()],
  ];

  // It expects through others.
  // oxlint-disable-next-line vitest/expect-expect
  it.each(turns)('that is %s keeps nobody waiting', async (_what, begin) => {
    await using site = Site.cluster(cluster);
    const wirings = clients.map((client) => site.direct(client));
    await using opened = await fleet.open(wirings, { tierTimeoutMs });
    await holdSomething(opened);
    const [node] = cluster.nodes;
    if (node === undefined) throw new Error('a Cluster has nodes');
    await begin(node);
    try {
      await expectPrompt(opened);
    } finally {
      await node.resume();
      await node.start();
      await cluster.ready();
    }

    await expectAgreement(opened);
  });
});
