/**
 * A tier in Postgres.
 *
 * @module
 */
import { InvalidOptionError } from '@holdfast/core';

import { identifier } from './checks.ts';
import { JsonCache } from './entry/json-cache.ts';
import { PostgresConnection } from './postgres/connection.ts';
import { checkedPool, type PostgresOptions, resolveOptions } from './postgres/options.ts';
import type { PostgresPool } from './postgres/pool.ts';
import { tableNames } from './postgres/schema.ts';
import { PostgresStore } from './postgres/store.ts';
import { PostgresTable } from './postgres/table.ts';

export type { JsonCache, JsonCacheStatistics } from './entry/json-cache.ts';
export type { PostgresOptions } from './postgres/options.ts';
export type { PostgresPool, PostgresResult } from './postgres/pool.ts';

/** Longest namespace: it is a part of what is indexed. */
const longestNamespace = 255;

/**
 * A cache in a table of Postgres: a tier for `createCache`, or by itself a cache of JSON values.
 *
 * The server's clock measures the lives of entries, so the clocks of its clients may differ. The table is bounded: what was
 * written longest ago goes first. Every operation is a statement of its own, without session state or named prepared
 * statements, so PgBouncer may lend connections out by transaction. Concurrent single reads share one statement. The table
 * is unlogged unless asked for otherwise: it survives a restart of the server, and is empty after its crash.
 *
 * Operations reject while the server does not answer, takes no writes or lacks the rights to make the table, and work again
 * when it does.
 *
 * @param poolOrUrl - A pool of pg, which stays yours; give it `connectionTimeoutMillis` and `query_timeout`, for it decides
 * how long an operation waits. Or a `postgres:` URL, at which a pool of up to 10 connections is opened when first needed, with
 * 2 s for each of both, and closed on disposal. The latter needs pg installed.
 * @throws {InvalidOptionError} naming the first option out of range.
 */
export function postgres<V = unknown>(
  poolOrUrl: PostgresPool | string,
  options: PostgresOptions = {},
): JsonCache<V> {
  const resolved = resolveOptions(options);
  const { name, limits, clock } = resolved;
  const names = tableNames(resolved.table);
  const connection = new PostgresConnection(checkedPool(poolOrUrl), { ...resolved, names });
  const table = new PostgresTable(connection, names, limits, clock);
  const dispose = async (): Promise<void> => {
    await table[Symbol.asyncDispose]();
    await connection[Symbol.asyncDispose]();
  };
  return new JsonCache<V>(name, {
    all: new PostgresStore('', table, dispose),
    part: (namespace) => new PostgresStore(checkedNamespace(namespace), table, async () => undefined),
  });
}

function checkedNamespace(namespace: string): string {
  if (identifier('namespace', namespace).length <= longestNamespace) return namespace;
  throw new InvalidOptionError('namespace', `of at most ${longestNamespace} characters`, namespace);
}
