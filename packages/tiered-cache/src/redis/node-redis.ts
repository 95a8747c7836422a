import type { Commands, OwnCommands, ScriptArgument } from './client.ts';

/**
 * The part of a client of node-redis (`@redis/client` 6) that a tier uses: of what `createClient`, `createCluster`
 * and `createSentinel` make. The caller connects and closes it.
 */
export interface NodeRedisClient {
  sendCommand(...args: never[]): Promise<unknown>;
  duplicate(...options: never[]): unknown;
  connect(): Promise<unknown>;
  destroy(): unknown;
  on(event: 'error', listener: () => void): unknown;
  off(event: 'error', listener: () => void): unknown;
}

/** The same, and what tells its kinds apart. */
interface AnyNodeRedis extends Omit<NodeRedisClient, 'sendCommand' | 'duplicate'> {
  readonly _keyPrefix?: string | Buffer;
  /** Of a client for one server. */
  readonly options?: { readonly socket?: object };
  /** Of a Cluster. */
  readonly getSlotRandomNode?: unknown;
  /** Of Sentinel. */
  readonly getSentinelNode?: unknown;
  sendCommand(...args: unknown[]): Promise<unknown>;
  duplicate(options?: object): AnyNodeRedis;
}

/** Texts come as buffers: 36 is `$`, the protocol's mark of a text with a length. */
const replies = { typeMapping: { 36: Buffer } };

// A cache, not state: whoever shares a client shares what stands for it, and so its one listener.
const spokenTo = new WeakMap<NodeRedisClient, NodeRedis>();

/** Whether it is such a client; one of ioredis is none. */
export function isNodeRedis(client: object): client is NodeRedisClient {
  const held = client as Record<string, unknown>;
  const has = (name: string): boolean => typeof held[name] === 'function';
  return ['sendCommand', 'duplicate', 'connect', 'destroy', 'on', 'off'].every(has) && !has('getBuffer');
}

/** What speaks to the client. */
export function nodeRedis(client: NodeRedisClient): Commands {
  const known = spokenTo.get(client);
  if (known !== undefined) return known;
  const commands = new NodeRedis(client as unknown as AnyNodeRedis);
  spokenTo.set(client, commands);
  return commands;
}

/** Takes the commands as ioredis does, and sends them with node-redis. */
class NodeRedis implements OwnCommands {
  readonly isCluster: boolean;
  readonly #client: AnyNodeRedis;
  readonly #prefix: string;

  constructor(client: AnyNodeRedis) {
    this.#client = client;
    this.isCluster = client.getSlotRandomNode !== undefined;
    // The client puts it before the keys of the commands that it knows, and these it only passes on.
    const { _keyPrefix: prefix = '' } = client;
    this.#prefix = prefix.toString();
  }

  getBuffer(key: string): Promise<Buffer | null> {
    return this.#send('GET', [], [key]) as Promise<Buffer | null>;
  }

  mgetBuffer(keys: string[]): Promise<(Buffer | null)[]> {
    return this.#send('MGET', [], keys) as Promise<(Buffer | null)[]>;
  }

  getrangeBuffer(key: string, start: number, end: number): Promise<Buffer> {
    return this.#send('GETRANGE', [], [key], [String(start), String(end)]) as Promise<Buffer>;
  }

  set(key: string, value: Buffer, ...terms: (string | number)[]): Promise<unknown> {
    return this.#send('SET', [], [key], [value, ...terms.map(String)]);
  }

  unlink(key: string): Promise<number> {
    return this.#send('UNLINK', [], [key]) as Promise<number>;
  }

  evalshaBuffer(sha1: string, keyCount: number, ...rest: ScriptArgument[]): Promise<unknown> {
    return this.#send('EVALSHA', [sha1, String(keyCount)], rest.slice(0, keyCount), rest.slice(keyCount));
  }

  evalBuffer(script: string, keyCount: number, ...rest: ScriptArgument[]): Promise<unknown> {
    return this.#send('EVAL', [script, String(keyCount)], rest.slice(0, keyCount), rest.slice(keyCount));
  }

  xreadBuffer(...args: (string | number)[]): Promise<unknown> {
    const [key = '', after = ''] = args.slice(-2);
    return this.#send('XREAD', args.slice(0, -2).map(String), [key], [String(after)]);
  }

  /** One that does not connect again by itself. */
  duplicate(): OwnCommands {
    const { socket } = this.#client.options ?? {};
    const once = { socket: { ...socket, reconnectStrategy: false, socketTimeout: undefined } };
    return new NodeRedis(this.#client.duplicate(this.#isAlone ? once : undefined));
  }

  connect(): Promise<unknown> {
    return this.#client.connect();
  }

  disconnect(): void {
    void Promise.resolve(this.#client.destroy()).catch(ignore);
  }

  on(event: 'error', listener: () => void): unknown {
    return this.#client.on(event, listener);
  }

  off(event: 'error', listener: () => void): unknown {
    return this.#client.off(event, listener);
  }

  get #isAlone(): boolean {
    return !this.isCluster && this.#client.getSentinelNode === undefined;
  }

  #send(
    command: string,
    before: readonly string[],
    keys: readonly (string | number | Buffer)[],
    after: readonly ScriptArgument[] = [],
  ): Promise<unknown> {
    const names = keys.map((key) => this.#prefix + String(key));
    const args = [command, ...before, ...names, ...after];
    if (this.#isAlone) return this.#client.sendCommand(args, replies);
    return this.isCluster
      ? this.#client.sendCommand(names[0], false, args, replies)
      : this.#client.sendCommand(false, args, replies);
  }
}

function ignore(): void {
  // It is done with.
}
