import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ContainerServer, containerHost } from './container.ts';
import { Daemon, type DaemonOptions } from './daemon.ts';
import { ServerUnavailableError } from './errors.ts';
import { findExecutable } from './executable.ts';
import { GivenServer } from './given.ts';
import { greeting } from './greeting.ts';
import { freePort } from './ports.ts';
import type { RedisServer } from './server.ts';

export interface RedisOptions {
  /** Lines of redis.conf, for example `{ maxmemory: '2mb' }`. A server of one's own has to be started for them. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** `true` asks for a server that may be stopped, even if an address is given. */
  readonly controllable?: boolean | undefined;
}

const addressVariable = 'HOLDFAST_TEST_REDIS_URL';
const image = 'redis:8-alpine';
const memoryOnly = { save: '""', appendonly: 'no' };

/**
 * Starts a Redis or Valkey, or takes the one at `HOLDFAST_TEST_REDIS_URL`.
 *
 * @throws {ServerUnavailableError} If there is neither an address nor a binary nor a container engine.
 */
export async function startRedis(options?: RedisOptions): Promise<RedisServer> {
  const redis = await findRedis(options);
  await redis.start();
  return redis;
}

/** As {@link startRedis}, but leaves the start to the caller. */
export async function findRedis({
  settings = {},
  controllable = false,
}: RedisOptions = {}): Promise<RedisServer> {
  const address = process.env[addressVariable];
  const own = controllable || Object.keys(settings).length > 0;
  if (address !== undefined && address !== '' && !own) return new GivenServer(address, addressVariable, 6379);
  const port = await freePort();
  if (redisBinary() !== undefined) return localRedis(port, settings);
  const host = await containerHost();
  if (host === undefined)
    throw new ServerUnavailableError(
      `no Redis: set ${addressVariable}, put redis-server or valkey-server on PATH, or start Docker`,
    );
  return containerRedis(host, port, settings);
}

/** A Redis of this machine's own binary. */
export function localRedis(
  port: number,
  settings: Readonly<Record<string, string>>,
  more?: Partial<DaemonOptions>,
): Daemon {
  const command = redisBinary();
  if (command === undefined)
    throw new ServerUnavailableError('no redis-server or valkey-server on PATH, which a group of them needs');
  return new Daemon({
    command,
    port,
    url: `redis://127.0.0.1:${port}`,
    prepare: async (folder) => {
      const file = join(folder, 'redis.conf');
      const lines = Object.entries({ bind: '127.0.0.1', port: String(port), ...memoryOnly, ...settings });
      await writeFile(file, lines.map(([name, value]) => `${name} ${value}\n`).join(''));
      return [file];
    },
    ready: redisAnswers,
    data: 'empty',
    ...more,
  });
}

function containerRedis(host: string, port: number, settings: Readonly<Record<string, string>>): RedisServer {
  const flags = Object.entries({ save: '', appendonly: 'no', ...settings }).map(
    ([name, value]) => `--${name} ${value}`,
  );
  return new ContainerServer(host, {
    image,
    innerPort: 6379,
    port,
    url: () => `redis://${host}:${port}`,
    command: ['redis-server', ...flags.join(' ').split(' ')],
    ready: redisAnswers,
    data: 'empty',
  });
}

/** Whether the server takes commands: a password that is asked for counts, loading does not. */
export async function redisAnswers(port: number, host = '127.0.0.1'): Promise<boolean> {
  return /^(\+PONG|-NOAUTH)/.test(await greeting(port, host, 'PING\r\n'));
}

function redisBinary(): string | undefined {
  return findExecutable('redis-server') ?? findExecutable('valkey-server');
}
