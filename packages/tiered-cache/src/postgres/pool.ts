export interface PostgresResult {
  readonly rows: readonly unknown[];
  readonly rowCount: number | null;
}

/**
 * The part of a Postgres client that the tier uses: a `Pool` of pg fits, and so does a single `Client`. One handed in stays
 * the caller's: it is neither configured nor closed here.
 */
export interface PostgresPool {
  query(text: string, values: unknown[]): Promise<PostgresResult>;
  on(event: 'error', listener: () => void): unknown;
  off(event: 'error', listener: () => void): unknown;
}

/** A statement that runs often. */
export interface Statement {
  /** The same for the same text, and for no other. */
  readonly name: string;
  readonly text: string;
}

/** How pg is asked to keep a statement prepared. */
export interface PreparingPool {
  query(statement: Statement & { readonly values: unknown[] }): Promise<PostgresResult>;
}

/** A pool that we opened, and therefore close. */
export interface OwnedPool extends PostgresPool {
  end(): Promise<void>;
}

// A cache, not state: it only keeps the listeners on a pool down to one, whoever shares that pool.
const watched = new WeakMap<PostgresPool, { users: number }>();

/**
 * Keeps a connection that dies while nobody uses it from surfacing as an unhandled `error` event: the queries that fail
 * say so themselves. However many tiers share a pool, one listener is on it; the returned function takes it off when the
 * last one is done.
 */
export function hushErrors(pool: PostgresPool): () => void {
  const watch = watched.get(pool) ?? { users: 0 };
  watched.set(pool, watch);
  if (watch.users === 0) pool.on('error', ignore);
  watch.users += 1;
  return () => {
    watch.users -= 1;
    if (watch.users === 0) pool.off('error', ignore);
  };
}

function ignore(): void {
  // The pool has dropped the connection, and opens another when it needs one.
}
