/**
 * The part of a Redis client that the tier uses. `Redis` and `Cluster` of ioredis 5 and 6 fit, and so does iovalkey.
 * A client handed in stays the caller's: it is neither configured nor closed here.
 */
export interface RedisClient {
  /** `true` for a client of a Redis Cluster. */
  readonly isCluster?: boolean;
  getBuffer(key: string): Promise<Buffer | null>;
  mgetBuffer(keys: string[]): Promise<(Buffer | null)[]>;
  getrangeBuffer(key: string, start: number, end: number): Promise<Buffer>;
  set(key: string, value: Buffer): Promise<unknown>;
  set(key: string, value: Buffer, nx: 'NX'): Promise<unknown>;
  set(key: string, value: Buffer, px: 'PX', milliseconds: number): Promise<unknown>;
  unlink(key: string): Promise<number>;
  on(event: 'error', listener: () => void): unknown;
  off(event: 'error', listener: () => void): unknown;
}

// A cache, not state: it only keeps the listeners on a client down to one, whoever shares that client.
const watched = new WeakMap<RedisClient, { users: number }>();

/**
 * Keeps a dead server from surfacing as an unhandled `error` event: the commands that fail say so themselves. However
 * many tiers share a client, one listener is on it; the returned function takes it off when the last one is done.
 */
export function hushErrors(client: RedisClient): () => void {
  const watch = watched.get(client) ?? { users: 0 };
  watched.set(client, watch);
  if (watch.users === 0) client.on('error', ignore);
  watch.users += 1;
  return () => {
    watch.users -= 1;
    if (watch.users === 0) client.off('error', ignore);
  };
}

function ignore(): void {
  // Each command that fails rejects by itself.
}
