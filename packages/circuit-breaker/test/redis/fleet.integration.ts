import { randomUUID } from 'node:crypto';

import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { FleetHints, type RedisClient } from '@holdfast/circuit-breaker/redis';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describeWithRedis, describeWithRedisCluster, startProxy, until } from '@holdfast/test-support';
import { Cluster, Redis } from 'ioredis';
import { afterEach, beforeEach, expect, expectTypeOf, it } from 'vitest';

interface Node {
  readonly breaker: CircuitBreaker;
  readonly hints: FleetHints;
}

/** Processes of one fleet, as seen from one test: each has its own breaker, all have the test's clock. */
class FleetOfNodes {
  readonly clock: ManualClock = new ManualClock();
  readonly nodes: Node[] = [];
  readonly #name = randomUUID();

  add(count: number, clientOrUrl: RedisClient | string, goodForMs = 20_000): readonly Node[] {
    const added = Array.from({ length: count }, () => {
      const { clock } = this;
      const breaker = new CircuitBreaker({
        name: this.#name,
        minCalls: 4,
        openForMs: 3_000,
        jitterRatio: 0,
        halfOpen: { calls: 2, leaseMs: 1_000 },
        clock,
      });
      const hints = new FleetHints(breaker, clientOrUrl, {
        clock,
        goodForMs,
        random: () => 0.5,
        timeoutMs: 60_000,
      });
      return { breaker, hints };
    });
    this.nodes.push(...added);
    return added;
  }

  /** Lets each node have a call and then its exchange. */
  async sync(nodes: readonly Node[] = this.nodes): Promise<void> {
    const before = nodes.map(({ hints }) => hints.statistics().exchanges);
    for (const { breaker } of nodes)
      if (breaker.state === 'closed') breaker.tryAcquire()?.success();
      else breaker.refusal();
    this.clock.advanceSync(1_000);
    await until('each node has had its exchange', () =>
      nodes.every(({ hints }, index) => hints.statistics().exchanges > (before[index] ?? 0)),
    );
    await settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { hints } of this.nodes) await hints[Symbol.asyncDispose]();
  }
}

const states = (nodes: readonly Node[]): readonly string[] => nodes.map(({ breaker }) => breaker.state);
function trip({ breaker }: Node): void {
  while (breaker.state === 'closed') breaker.tryAcquire()?.failure();
}

it('takes the clients of ioredis', () => {
  expectTypeOf<Redis>().toExtend<RedisClient>();
  expectTypeOf<Cluster>().toExtend<RedisClient>();
});

describeWithRedis(
  'FleetHints',
  (redis) => {
    let client: Redis;
    beforeEach(() => {
      client = new Redis(redis.url, { retryStrategy: () => 20 });
      client.on('error', () => undefined);
    });
    afterEach(() => client.disconnect());

    it('DS-02: leaves a fleet of ten closed when one node is in trouble', async () => {
      await using fleet = new FleetOfNodes();
      const [bad, ...others] = fleet.add(10, client);
      await fleet.sync();

      trip(bad!);
      for (let second = 0; second < 3; second += 1) await fleet.sync();

      expect(new Set(states(others))).toEqual(new Set(['closed']));
      expect(others[0]?.hints.statistics().fleet).toMatchObject({ live: 10, open: 1 });
    });

    it('DS-03: makes the others suspicious within one exchange when half of the fleet is open', async () => {
      await using fleet = new FleetOfNodes();
      const nodes = fleet.add(4, client);
      await fleet.sync();
      for (const node of nodes.slice(0, 2)) trip(node);
      await fleet.sync(nodes.slice(0, 2));

      await fleet.sync(nodes.slice(2));

      expect(states(nodes.slice(2))).toEqual(['half-open', 'half-open']);
      expect(nodes[3]?.breaker.statistics().transitions.opened).toBe(0);
    });

    it('DS-04: has no more trial calls in the fleet than there are leases, and goes on when a node dies', async () => {
      await using fleet = new FleetOfNodes();
      const nodes = fleet.add(5, client);
      await fleet.sync();
      for (const node of nodes) trip(node);
      for (let second = 0; second < 4; second += 1) await fleet.sync();

      const probing = nodes.filter(({ breaker }) => breaker.tryAcquire() !== undefined);

      expect(states(nodes)).toEqual(nodes.map(() => 'half-open'));
      expect(probing).toHaveLength(1);
      const rest = nodes.filter((node) => !probing.includes(node));
      // Its process ends, without a word. Its lease ends by the clock of the server.
      await probing[0]?.hints[Symbol.asyncDispose]();
      await until('another node may make a trial call', async () => {
        await fleet.sync(rest);
        return rest.some(({ breaker }) => breaker.tryAcquire() !== undefined);
      });
    });

    it('DS-04: gives the lease on when a circuit has closed', async () => {
      await using fleet = new FleetOfNodes();
      const nodes = fleet.add(3, client);
      for (const node of nodes) trip(node);
      const done: Node[] = [];
      for (let second = 0; second < 20 && done.length < 3; second += 1) {
        await fleet.sync(nodes);
        for (const node of nodes) {
          const probe = node.breaker.state === 'half-open' ? node.breaker.tryAcquire() : undefined;
          probe?.success();
          if (probe !== undefined && node.breaker.state === 'closed') done.push(node);
        }
      }

      expect(new Set(states(nodes))).toEqual(new Set(['closed']));
      expect(new Set(done).size).toBe(3);
    });

    it('DS-05: changes nothing of what others told when it starts', async () => {
      await using fleet = new FleetOfNodes();
      const old = fleet.add(2, client);
      for (const node of old) trip(node);
      await fleet.sync();

      const [fresh] = fleet.add(1, client);
      expect(fresh?.breaker.state).toBe('closed');
      await fleet.sync();

      expect(states(old)).not.toContain('closed');
      expect(fresh?.hints.statistics().fleet).toMatchObject({ live: 3, open: 2 });
      expect(fresh?.breaker.state).toBe('half-open');
    });

    it('forgets nodes that tell nothing any more', async () => {
      await using fleet = new FleetOfNodes();
      const [gone, stays] = fleet.add(2, client, 1_000);
      await fleet.sync();
      await gone?.hints[Symbol.asyncDispose]();

      await until('the node that has gone is forgotten', async () => {
        await fleet.sync([stays!]);
        return stays?.hints.statistics().fleet?.live === 1;
      });

      expect(stays?.hints.statistics().fleet).toMatchObject({ live: 1, busy: 1 });
    });

    it('opens a client from a URL and closes it', async () => {
      const sockets = (): number =>
        process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
      const before = sockets();
      {
        await using fleet = new FleetOfNodes();
        const [node] = fleet.add(1, redis.url);
        await until('an exchange', async () => {
          node?.breaker.tryAcquire()?.success();
          fleet.clock.advanceSync(40_000);
          await settle();
          return (node?.hints.statistics().exchanges ?? 0) > 0;
        });
      }

      await until('the socket is closed', () => sockets() <= before);

      expect(sockets()).toBeLessThanOrEqual(before);
    });

    it.each([
      ['is stopped', () => redis.kill(), () => redis.start()],
      ['hangs', () => redis.pause(), () => redis.resume()],
    ])(
      'DS-01: behaves as it would alone while Redis %s, and never waits for it',
      async (_how, fault, mend) => {
        await using fleet = new FleetOfNodes();
        const [node] = fleet.add(1, client);
        await fleet.sync();
        await fault();
        const { breaker, hints } = node!;

        // No turn of the event loop passes in any of this, so nothing can have waited for an answer.
        trip(node!);
        expect(breaker.tryAcquire()).toBeUndefined();
        fleet.clock.advanceSync(1_000);
        await settle();
        // The exchange that is under way is given up.
        fleet.clock.advanceSync(60_000);
        await until('the fleet is lost', () => hints.statistics().fleet === undefined);
        breaker.tryAcquire()?.success();
        breaker.tryAcquire()?.success();
        expect(breaker.state).toBe('closed');

        await mend();
        await until('the fleet is found', async () => {
          breaker.tryAcquire()?.success();
          fleet.clock.advanceSync(40_000);
          await settle();
          return hints.statistics().fleet !== undefined;
        });
      },
    );

    it('DS-01: behaves as it would alone while Redis is slow', async () => {
      await using proxy = await startProxy(redis);
      const slow = new Redis(proxy.url(redis.url), { retryStrategy: () => 20 });
      slow.on('error', () => undefined);
      try {
        await using fleet = new FleetOfNodes();
        const [node] = fleet.add(1, slow);
        await fleet.sync();
        proxy.hold();
        node?.breaker.tryAcquire()?.success();
        fleet.clock.advanceSync(1_000);
        await until('Redis has been asked', () => proxy.held() > 0);

        fleet.clock.advanceSync(60_000);
        await until('the answer is given up', () => node?.hints.statistics().failures === 1);

        trip(node!);
        fleet.clock.advanceSync(3_000);
        expect(node?.breaker.tryAcquire()).toBeDefined();
        await proxy.heal();
      } finally {
        slow.disconnect();
      }
    });
  },
  { controllable: true },
);

describeWithRedisCluster('FleetHints in a cluster', (group) => {
  it('keeps what belongs together in one slot', async () => {
    const cluster = new Cluster([...group.addresses]);
    try {
      await using fleet = new FleetOfNodes();
      const nodes = fleet.add(3, cluster);
      for (const node of nodes.slice(0, 2)) trip(node);
      await fleet.sync(nodes.slice(0, 2));

      await fleet.sync();

      expect(nodes[2]?.breaker.state).toBe('half-open');
      expect(nodes[2]?.hints.statistics().fleet).toMatchObject({ live: 3, open: 2 });
    } finally {
      cluster.disconnect();
    }
  });
});
