import { Cluster, Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { describeWithRedisCluster, describeWithRedisSentinel } from '@holdfast/test-support';

describeWithRedisCluster('startRedisCluster', (group) => {
  let cluster: Cluster;

  beforeEach(() => {
    const retry = { clusterRetryStrategy: () => 50, retryDelayOnFailover: 50, retryDelayOnClusterDown: 50 };
    cluster = new Cluster([...group.addresses], { ...retry, redisOptions: { maxRetriesPerRequest: null } });
    cluster.on('error', () => undefined);
  });
  afterEach(() => cluster.disconnect());

  it('spreads keys over three masters', async () => {
    const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => cluster.set(key, key)));

    const sizes = await Promise.all(cluster.nodes('master').map((node) => node.dbsize()));

    expect(sizes).toHaveLength(3);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    expect(await Promise.all(keys.map((key) => cluster.get(key)))).toEqual(keys);
  });

  it('goes on with its slots after a node was killed and started again', async () => {
    const [node] = group.nodes;
    await node?.kill();
    await node?.start();
    await group.ready();

    // One key of each node's share of the slots.
    for (const key of ['b', 'c', 'a']) {
      await cluster.set(key, key);
      expect(await cluster.get(key)).toBe(key);
    }
  });
});

describeWithRedisSentinel('startRedisSentinel', (group) => {
  it('makes the replica master after the master was killed', async () => {
    const client = new Redis({ sentinels: group.addresses, name: group.name, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    await client.set('key', 'value');
    await client.wait(1, 5_000);

    await group.master.kill();
    await client.set('other', 'value');

    expect(client.stream.remotePort).toBe(group.replica.port);
    expect(await client.get('key')).toBe('value');
    client.disconnect();
  });
});
