import type { Commands, OwnCommands, ScriptArgument } from './client.ts';
import { bareError } from './errors.ts';

// A cache, not state: whoever shares a client shares what stands for it, and so its one listener.
const spokenTo = new WeakMap<Commands, IoRedis>();

/** What speaks to a client of ioredis. */
export function ioRedis(client: Commands): OwnCommands {
  const known = spokenTo.get(client);
  if (known !== undefined) return known;
  const commands = new IoRedis(client as OwnCommands);
  spokenTo.set(client, commands);
  return commands;
}

/** Passes commands on to the client. What it gives back of errors is bare. */
class IoRedis implements OwnCommands {
  readonly isCluster: boolean;
  readonly #client: OwnCommands;

  constructor(client: OwnCommands) {
    this.isCluster = client.isCluster === true;
    this.#client = client;
  }

  getBuffer(key: string): Promise<Buffer | null> {
    return this.#client.getBuffer(key).catch(refuse);
  }

  mgetBuffer(keys: string[]): Promise<(Buffer | null)[]> {
    return this.#client.mgetBuffer(keys).catch(refuse);
  }

  getrangeBuffer(key: string, start: number, end: number): Promise<Buffer> {
    return this.#client.getrangeBuffer(key, start, end).catch(refuse);
  }

  set(key: string, value: Buffer, ...terms: (string | number)[]): Promise<unknown> {
    return this.#client.set(key, value, ...(terms as ['PX', number])).catch(refuse);
  }

  unlink(key: string): Promise<number> {
    return this.#client.unlink(key).catch(refuse);
  }

  evalshaBuffer(sha1: string, keyCount: number, ...rest: ScriptArgument[]): Promise<unknown> {
    return this.#client.evalshaBuffer(sha1, keyCount, ...rest).catch(refuse);
  }

  evalBuffer(script: string, keyCount: number, ...rest: ScriptArgument[]): Promise<unknown> {
    return this.#client.evalBuffer(script, keyCount, ...rest).catch(refuse);
  }

  xreadBuffer(...args: (string | number)[]): Promise<unknown> {
    return this.#client.xreadBuffer(...args).catch(refuse);
  }

  duplicate(...options: unknown[]): OwnCommands {
    return new IoRedis(this.#client.duplicate(...options));
  }

  connect(): Promise<unknown> {
    return this.#client.connect().catch(refuse);
  }

  disconnect(): void {
    this.#client.disconnect();
  }

  on(event: 'error', listener: () => void): unknown {
    return this.#client.on(event, listener);
  }

  off(event: 'error', listener: () => void): unknown {
    return this.#client.off(event, listener);
  }
}

function refuse(error: unknown): never {
  throw bareError(error);
}
