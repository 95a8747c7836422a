import { describeWithRedis, describeWithRedisCluster, until } from '@holdfast/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Fleet } from './fleet.ts';
import { Site } from './site.ts';

const fleet = new Fleet(4);
beforeAll(() => fleet.start());
afterAll(() => fleet[Symbol.asyncDispose]());

describeWithRedis('a fleet on one Redis', (server) => loadOnce(() => Site.alone(server).direct('url')));

describeWithRedisCluster('a fleet on a Cluster', (cluster) =>
  loadOnce(() => Site.cluster(cluster).direct('ioredis')),
);

function loadOnce(wiring: () => ReturnType<Site['direct']>): void {
  it('loads a cold key once for 250 callers in each of 4 processes', async () => {
    await using opened = await fleet.open(wiring());
    const { nodes, truth } = opened;
    const answers = await Promise.all(nodes.map((node) => node.crowd('key', 250)));

    expect(answers).toEqual(nodes.map(() => [0]));
    expect(truth.loads('key')).toBe(1);
  });

  it('refreshes a stale key once, and nobody waits for that', async () => {
    await using opened = await fleet.open(wiring(), { staleWhileRevalidateMs: 600_000 });
    const { nodes, truth } = opened;
    const [a] = nodes;
    await Promise.all(nodes.map((node) => node.get('key')));
    await a.call('expire', ['key']);
    truth.change('key');
    const gate = truth.gate('key');
    const stale = await Promise.all(nodes.map((node) => node.crowd('key', 50)));
    await until('the refresh has begun', () => gate.waiting > 0);
    gate.open();

    expect(stale).toEqual(nodes.map(() => [0]));
    await until('all see the new value', async () => {
      const answers = await Promise.all(nodes.map((node) => node.get('key')));
      return answers.every((answer) => answer === 1);
    });
    expect(truth.loads('key')).toBe(2);
  });

  it('loads each key once where 4 processes ask for 100 at the same time', async () => {
    await using opened = await fleet.open(wiring());
    const { nodes, truth } = opened;
    const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`);
    const answers = await Promise.all(nodes.map((node) => node.getMany(keys)));

    for (const answer of answers) expect(answer).toEqual(new Map(keys.map((key) => [key, 0])));
    expect(keys.filter((key) => truth.loads(key) !== 1)).toEqual([]);
  });

  it('has one load beside none for as long as it takes, five times the lease and longer', async () => {
    const leaseMs = 300;
    await using opened = await fleet.open(wiring(), { leaseMs });
    const { nodes, truth } = opened;
    const gate = truth.gate('key');
    const startedAt = performance.now();
    const reads = nodes.map((node) => node.get('key'));
    await until('five leases have passed', () => performance.now() - startedAt > 5.5 * leaseMs);
    gate.open();

    expect(await Promise.all(reads)).toEqual(nodes.map(() => 0));
    expect(truth.loads('key')).toBe(1);
  });

  it('loads again when the lease of a process that was killed has ended, and not when patience has', async () => {
    const leaseMs = 400;
    const leaseWaitMs = 30_000;
    await using opened = await fleet.open(wiring(), { leaseMs, leaseWaitMs });
    const { nodes, truth } = opened;
    const [a, ...others] = nodes;
    const gate = truth.gate('key');
    const lost = a.get('key');
    await until('the load has begun', () => gate.waiting === 1);
    const reads = others.map((node) => node.get('key'));
    await until('the others have seen who loads', async () => {
      const statistics = await Promise.all(others.map((node) => node.statistics()));
      return statistics.every(({ coherence }) => coherence.leases.busy > 0);
    });
    await a.member.kill();
    const killedAt = performance.now();
    await until('somebody else loads', () => gate.waiting === 2);
    const tookMs = performance.now() - killedAt;
    gate.open();

    expect(tookMs).toBeLessThan(leaseWaitMs / 2);
    expect(await Promise.all(reads)).toEqual(others.map(() => 0));
    expect(truth.loads('key')).toBe(2);
    void lost;
  });
}
