import { type Clock, InvalidOptionError, methods, oneOf, systemClock, text } from '@holdfast/core';

import { type DurableLimits, resolveLimits } from '../durable/limits.ts';
import type { PostgresPool } from './pool.ts';

export interface PostgresOptions {
  /** Shown in errors and statistics. Defaults to `'postgres'`. */
  readonly name?: string | undefined;
  /**
   * The table, or `schema.table`: letters, digits and `_`, at most 48 each. It is created if it is missing, a schema is not.
   * Defaults to `'holdfast_cache'`.
   */
  readonly table?: string | undefined;
  /**
   * Whether a table that is created here is written to the log of the server, and so survives its crash and reaches its
   * replicas. Defaults to `false`: writes cost less, and after a crash the table is empty.
   */
  readonly logged?: boolean | undefined;
  /**
   * Whether each connection keeps its statements prepared, which about halves what a small operation costs the server. Needs
   * pg. Not for a pooler that lends connections out by transaction, such as PgBouncer before 1.21. Defaults to `false`.
   */
  readonly preparedStatements?: boolean | undefined;
  /** Most entries in the table, all namespaces together, to within some percent; at least 1. Defaults to no limit. */
  readonly maxEntries?: number | undefined;
  /**
   * Most bytes of the entries in the table, keys and indexes included, to within some percent; at least 1. What rows
   * leave behind until the server vacuums them comes on top. A larger entry is not kept. Defaults to 1 GiB.
   */
  readonly maxBytes?: number | undefined;
  /** For the housekeeping; the lives of entries are measured by the server. Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export interface ResolvedPostgresOptions {
  readonly name: string;
  readonly table: string;
  readonly logged: boolean;
  readonly preparedStatements: boolean;
  readonly limits: DurableLimits;
  readonly clock: Clock;
}

const defaultBytes = 1024 * 1024 * 1024;

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: PostgresOptions): ResolvedPostgresOptions {
  return {
    name: text('name', options.name ?? 'postgres'),
    table: checkedTable(options.table ?? 'holdfast_cache'),
    logged: oneOf('logged', options.logged ?? false, [false, true]),
    preparedStatements: oneOf('preparedStatements', options.preparedStatements ?? false, [false, true]),
    limits: resolveLimits(options, defaultBytes),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

export function checkedPool(poolOrUrl: PostgresPool | string): PostgresPool | string {
  if (typeof poolOrUrl !== 'string') return methods('poolOrUrl', poolOrUrl, 'query', 'on', 'off');
  if (/^postgres(ql)?:\/\//.test(poolOrUrl)) return poolOrUrl;
  // What follows may hold a password.
  const shown = poolOrUrl.replace(/:\/\/.*$/s, '://…');
  throw new InvalidOptionError('poolOrUrl', "a pool, or a URL that starts with 'postgres://'", shown);
}

/** Longer names would be cut with what is put behind them. */
function checkedTable(value: string): string {
  if (typeof value === 'string' && /^(\w{1,48}\.)?\w{1,48}$/.test(value)) return value;
  throw new InvalidOptionError(
    'table',
    "'table' or 'schema.table' of letters, digits and '_', at most 48 each",
    value,
  );
}
