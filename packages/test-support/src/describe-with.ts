// Makes suites for others: titles, tests and assertions are theirs.
/* oxlint-disable vitest/valid-title, vitest/expect-expect, vitest/no-disabled-tests */
import { afterAll, beforeAll, describe, it } from 'vitest';

import { ServerUnavailableError } from './errors.ts';
import { findPostgres, type PostgresOptions } from './postgres.ts';
import { findRedis, type RedisOptions } from './redis.ts';
import { RedisCluster } from './redis-cluster.ts';
import { RedisSentinel } from './redis-sentinel.ts';
import type { PostgresServer, RedisServer } from './server.ts';

/** Something that is found while tests are collected and runs only if one of them runs. */
interface Startable extends AsyncDisposable {
  start(): Promise<void>;
}

/**
 * A suite whose tests share one Redis, from before the first of them until after the last.
 * Without a Redis the suite is skipped with the reason; with `CI` set it fails.
 */
export function describeWithRedis(
  title: string,
  tests: (redis: RedisServer) => void,
  options?: RedisOptions,
): void {
  describeWith(title, () => findRedis(options), tests);
}

/** As {@link describeWithRedis}, with a Postgres. */
export function describeWithPostgres(
  title: string,
  tests: (postgres: PostgresServer) => void,
  options?: PostgresOptions,
): void {
  describeWith(title, () => findPostgres(options), tests);
}

/** As {@link describeWithRedis}, with a cluster of three masters. */
export function describeWithRedisCluster(title: string, tests: (cluster: RedisCluster) => void): void {
  describeWith(title, () => RedisCluster.find(), tests);
}

/** As {@link describeWithRedis}, with a master, a replica and three sentinels. */
export function describeWithRedisSentinel(title: string, tests: (group: RedisSentinel) => void): void {
  describeWith(title, () => RedisSentinel.find(), tests);
}

function describeWith<Found extends Startable>(
  title: string,
  find: () => Promise<Found>,
  tests: (found: Found) => void,
): void {
  describe(title, async () => {
    let found: Found;
    try {
      found = await find();
    } catch (error) {
      if (!(error instanceof ServerUnavailableError)) throw error;
      refuse(error);
      return;
    }
    beforeAll(() => found.start());
    afterAll(() => found[Symbol.asyncDispose]());
    tests(found);
  });
}

function refuse(error: ServerUnavailableError): void {
  if (isTrue(process.env['CI'])) {
    it('has its server', () => {
      throw error;
    });
    return;
  }
  process.stderr.write(`skipped, ${error.message}\n`);
  it.skip(`has its server: ${error.message}`);
}

function isTrue(variable: string | undefined): boolean {
  return variable !== undefined && !['', '0', 'false'].includes(variable);
}
