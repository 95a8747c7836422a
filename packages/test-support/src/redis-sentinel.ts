import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { freePorts } from './ports.ts';
import { localRedis } from './redis.ts';
import type { RedisServer } from './server.ts';
import { until } from './until.ts';

const quorum = 2;

/** A master, its replica, and three sentinels that replace the master 1 s after it fell silent. */
export class RedisSentinel implements AsyncDisposable {
  /** What the sentinels call the master, whoever it is. */
  readonly name = 'main';
  /** The one that was master at first. */
  readonly master: RedisServer;
  /** The one that was replica at first. */
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];

  private constructor(master: RedisServer, replica: RedisServer, sentinels: readonly RedisServer[]) {
    this.master = master;
    this.replica = replica;
    this.sentinels = sentinels;
  }

  /** @throws {ServerUnavailableError} If this machine has no binary. */
  static async find(): Promise<RedisSentinel> {
    const [masterPort = 0, replicaPort = 0, ...sentinelPorts] = await freePorts(5);
    const master = localRedis(masterPort, {});
    const replica = localRedis(replicaPort, {
      replicaof: `127.0.0.1 ${masterPort}`,
      'repl-diskless-sync-delay': '0',
    });
    const sentinels = sentinelPorts.map((port) => localRedis(port, {}, { prepare: watch(port, masterPort) }));
    return new RedisSentinel(master, replica, sentinels);
  }

  /** Where a client may ask, as ioredis takes it. */
  get addresses(): { host: string; port: number }[] {
    return this.sentinels.map(({ host, port }) => ({ host, port }));
  }

  /** Starts all of them and waits until a failover is possible. */
  async start(): Promise<void> {
    await this.master.start();
    await this.replica.start();
    await Promise.all(this.sentinels.map((sentinel) => sentinel.start()));
    const clients = this.sentinels.map(({ host, port }) => new Redis(port, host));
    try {
      await until('every sentinel knows the others and the replica', async () => {
        const states = await Promise.all(clients.map(masterState));
        return states.every((state) => state['num-other-sentinels'] === '2' && state['num-slaves'] === '1');
      });
    } finally {
      for (const client of clients) client.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.sentinels, this.replica, this.master];
    await Promise.all(all.map((server) => server[Symbol.asyncDispose]()));
  }
}

/**
 * Starts a master, a replica and three sentinels.
 *
 * @throws {ServerUnavailableError} If this machine has no binary.
 */
export async function startRedisSentinel(): Promise<RedisSentinel> {
  const group = await RedisSentinel.find();
  try {
    await group.start();
    return group;
  } catch (error) {
    await group[Symbol.asyncDispose]();
    throw error;
  }
}

function watch(port: number, masterPort: number) {
  return async (folder: string): Promise<readonly string[]> => {
    const file = join(folder, 'sentinel.conf');
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `sentinel monitor main 127.0.0.1 ${masterPort} ${quorum}`,
      'sentinel down-after-milliseconds main 1000',
      'sentinel failover-timeout main 4000',
      'sentinel parallel-syncs main 1',
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    return [file, '--sentinel'];
  };
}

async function masterState(client: Redis): Promise<Record<string, string>> {
  const reply = (await client.call('SENTINEL', 'MASTER', 'main')) as string[];
  const pairs = reply.flatMap((name, index) => (index % 2 === 0 ? [[name, reply[index + 1] ?? '']] : []));
  return Object.fromEntries(pairs) as Record<string, string>;
}
