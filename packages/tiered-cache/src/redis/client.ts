/**
 * The part of a Redis client that a tier uses. `Redis` and `Cluster` of ioredis 5 and 6 fit, and so does iovalkey.
 * A client handed in stays the caller's: it is neither configured nor closed here, nor blocked.
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
  /** Used as `evalshaBuffer`: ioredis has that of every command, but types it for some only. So it is with `eval`. */
  evalsha(sha1: string, keyCount: number, ...keysAndArguments: ScriptArgument[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArguments: ScriptArgument[]): Promise<unknown>;
  /** Makes a further client for the same servers. That one is ours: it is blocked, and closed when it is done with. */
  duplicate(...options: never[]): unknown;
  on(event: 'error', listener: () => void): unknown;
  off(event: 'error', listener: () => void): unknown;
}

export type ScriptArgument = string | Buffer;

/** A client as it is used here, whoever made it. */
export interface Commands extends Omit<RedisClient, 'evalsha' | 'eval' | 'duplicate'> {
  evalshaBuffer(sha1: string, keyCount: number, ...keysAndArguments: ScriptArgument[]): Promise<unknown>;
  evalBuffer(script: string, keyCount: number, ...keysAndArguments: ScriptArgument[]): Promise<unknown>;
  duplicate(...options: unknown[]): OwnCommands;
}

/** A client of our own. */
export interface OwnCommands extends Commands {
  connect(): Promise<unknown>;
  disconnect(): void;
  xreadBuffer(...args: (string | number)[]): Promise<unknown>;
}

/** The methods that tell a client from something else. */
export const commandNames: readonly (keyof Commands)[] = [
  'getBuffer',
  'mgetBuffer',
  'getrangeBuffer',
  'set',
  'unlink',
  'evalshaBuffer',
  'evalBuffer',
  'duplicate',
  'on',
  'off',
];

// A cache, not state: it only keeps the listeners on a client down to one, whoever shares that client.
const watched = new WeakMap<Commands, { users: number }>();

/**
 * Keeps a dead server from surfacing as an unhandled `error` event: the commands that fail say so themselves. However
 * many tiers share a client, one listener is on it; the returned function takes it off when the last one is done.
 */
export function hushErrors(client: Commands): () => void {
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
