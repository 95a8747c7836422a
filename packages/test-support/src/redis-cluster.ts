import { Redis } from 'ioredis';

import { freePorts } from './ports.ts';
import { localRedis } from './redis.ts';
import type { RedisServer } from './server.ts';
import { until } from './until.ts';

const slotCount = 16_384;
const size = 3;

/** Three masters without replicas. A node that starts again remembers its slots, but not its keys. */
export class RedisCluster implements AsyncDisposable {
  readonly nodes: readonly RedisServer[];
  readonly #busPorts: readonly number[];

  private constructor(nodes: readonly RedisServer[], busPorts: readonly number[]) {
    this.nodes = nodes;
    this.#busPorts = busPorts;
  }

  /** @throws {ServerUnavailableError} If this machine has no binary. */
  static async find(settings: Readonly<Record<string, string>> = {}): Promise<RedisCluster> {
    const ports = await freePorts(2 * size);
    const busPorts = ports.slice(size);
    const nodes = ports.slice(0, size).map((port, index) =>
      localRedis(
        port,
        {
          'cluster-enabled': 'yes',
          'cluster-config-file': 'nodes.conf',
          'cluster-node-timeout': '2000',
          'cluster-port': String(busPorts[index]),
          ...settings,
        },
        { data: 'kept' },
      ),
    );
    return new RedisCluster(nodes, busPorts);
  }

  /** Where a client may begin, as ioredis takes it. */
  get addresses(): readonly { readonly host: string; readonly port: number }[] {
    return this.nodes.map(({ host, port }) => ({ host, port }));
  }

  /** Starts the nodes and waits until all of them agree on the slots. */
  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()));
    await this.#withClients((clients) => this.#join(clients));
    await this.ready();
  }

  /** Waits until every node sees all three of them and serves; takes up to two seconds after a node came back. */
  async ready(): Promise<void> {
    const signs = ['cluster_state:ok', `cluster_known_nodes:${size}`];
    await this.#withClients((clients) =>
      until('the cluster agrees on its slots', async () => {
        const infos = await Promise.all(clients.map((client) => client.cluster('INFO')));
        return infos.every((info) => signs.every((sign) => info.includes(sign)));
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
  }

  async #join(clients: readonly Redis[]): Promise<void> {
    const share = Math.ceil(slotCount / size);
    for (const [index, client] of clients.entries()) {
      const first = index * share;
      const last = Math.min(first + share, slotCount) - 1;
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      await client.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
    }
    for (const [index, node] of this.nodes.entries())
      await clients[0]?.call('CLUSTER', 'MEET', node.host, node.port, this.#busPorts[index] ?? 0);
  }

  async #withClients(use: (clients: readonly Redis[]) => Promise<void>): Promise<void> {
    const clients = this.nodes.map((node) => new Redis(node.port, node.host));
    try {
      await use(clients);
    } finally {
      for (const client of clients) client.disconnect();
    }
  }
}

/**
 * Starts a cluster of three masters.
 *
 * @throws {ServerUnavailableError} If this machine has no binary.
 */
export async function startRedisCluster(settings?: Readonly<Record<string, string>>): Promise<RedisCluster> {
  const cluster = await RedisCluster.find(settings);
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}
