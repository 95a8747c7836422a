import type { CacheCapabilities, ICache, SetOptions } from '../cache.ts';
import { lifetime } from '../checks.ts';
import type { RedisConnection } from './connection.ts';
import { generationBytes, RedisGeneration } from './generation.ts';
import { RedisReads } from './reads.ts';
import { longestLifeMs } from './times.ts';

/**
 * How an entry is stored: one byte that says it is ours, the mark of the generation, the bytes themselves.
 * What begins otherwise is somebody else's and is given out whole.
 */
const ours = 1;
const headerBytes = 1 + generationBytes;

/**
 * Bytes in Redis, under keys with one prefix. Reads are plain `GET` and `MGET`, or one `GET` per key on a Cluster, where
 * the keys lie in different slots; the commands of one call are sent together. `clear` begins a new generation, see
 * {@link RedisGeneration}: entries without a life of their own then stay in the server's memory until overwritten.
 */
export class RedisStore implements ICache<Uint8Array> {
  readonly capabilities: CacheCapabilities = {
    ttl: true,
    sync: false,
    compareAndSet: false,
    log: false,
    tags: false,
  };
  readonly #prefix: string;
  readonly #connection: RedisConnection;
  readonly #generation: RedisGeneration;
  readonly #reads = new RedisReads();
  readonly #dispose: () => Promise<void>;

  constructor(prefix: string, connection: RedisConnection, dispose: () => Promise<void>) {
    this.#prefix = `${prefix}:`;
    this.#connection = connection;
    this.#generation = new RedisGeneration(`${prefix}@generation`, connection.clock);
    this.#dispose = dispose;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const client = await this.#connection.client();
    const { believed } = this.#generation;
    if (believed !== undefined) return content(await this.#reads.read(client, this.#prefix + key), believed);
    const [mark, stored] = await Promise.all([
      this.#generation.current(client),
      this.#reads.read(client, this.#prefix + key),
    ]);
    return content(stored, mark);
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    if (keys.length === 0) return found;
    const client = await this.#connection.client();
    const [mark, stored] = await Promise.all([
      this.#generation.current(client),
      this.#reads.readMany(
        client,
        keys.map((key) => this.#prefix + key),
      ),
    ]);
    for (const [index, key] of keys.entries()) {
      const bytes = content(stored[index] ?? null, mark);
      if (bytes !== undefined) found.set(key, bytes);
    }
    return found;
  }

  async set(key: string, value: Uint8Array, options?: SetOptions): Promise<void> {
    await this.setMany([[key, value]], options);
  }

  async setMany(entries: Iterable<readonly [string, Uint8Array]>, options?: SetOptions): Promise<void> {
    const ttlMs = Math.ceil(lifetime('ttlMs', options?.ttlMs ?? Infinity));
    const client = await this.#connection.client();
    const mark = await this.#generation.current(client);
    const header = Buffer.concat([Buffer.of(ours), mark]);
    const writes = [...entries].map(([key, value]) => {
      const name = this.#prefix + key;
      if (ttlMs === 0) return client.unlink(name);
      const stored = Buffer.concat([header, value]);
      return ttlMs > longestLifeMs ? client.set(name, stored) : client.set(name, stored, 'PX', ttlMs);
    });
    await Promise.all(writes);
  }

  async delete(key: string): Promise<boolean> {
    return (await this.deleteMany([key])) === 1;
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    const client = await this.#connection.client();
    const mark = await this.#generation.current(client);
    const deletions = [...new Set(keys)].map(async (key) => {
      const name = this.#prefix + key;
      // Sent together: what is left of an older generation is removed, and not counted.
      const [header] = await Promise.all([
        client.getrangeBuffer(name, 0, headerBytes - 1),
        client.unlink(name),
      ]);
      return header.length > 0 && content(header, mark) !== undefined;
    });
    return (await Promise.all(deletions)).filter(Boolean).length;
  }

  async clear(): Promise<void> {
    await this.#generation.renew(await this.#connection.client());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dispose();
  }
}

/** What is held under a key as of the generation `mark`. */
function content(stored: Buffer | null, mark: Buffer): Uint8Array | undefined {
  if (stored === null) return undefined;
  if (stored.length < headerBytes || stored[0] !== ours) return stored;
  return mark.equals(stored.subarray(1, headerBytes)) ? stored.subarray(headerBytes) : undefined;
}
