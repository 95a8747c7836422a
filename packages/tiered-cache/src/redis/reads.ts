import type { Commands } from './client.ts';
import { inParts } from './parts.ts';

/** Most keys of one `MGET`, so that no batch keeps the server from others for long. */
const maxKeys = 500;

interface Batch {
  readonly names: string[];
  readonly values: Promise<readonly (Buffer | null)[]>;
}

/**
 * Joins the single reads that are made in the same turn into one `MGET`: a hundred concurrent reads cost one command and
 * one write to the socket. A read on its own is a `GET`; on a Cluster each is, as the keys lie in different slots.
 */
export class RedisReads {
  #batch: Batch | undefined;

  async read(client: Commands, name: string): Promise<Buffer | null> {
    if (client.isCluster === true) return client.getBuffer(name);
    const batch = (this.#batch ??= this.#open(client));
    const index = batch.names.push(name) - 1;
    if (batch.names.length === maxKeys) this.#batch = undefined;
    return (await batch.values)[index] ?? null;
  }

  /** What is held under each name, in their order. */
  async readMany(client: Commands, names: readonly string[]): Promise<readonly (Buffer | null)[]> {
    if (client.isCluster === true) return Promise.all(names.map((name) => client.getBuffer(name)));
    const values = await inParts(names, (part) => client.mgetBuffer(part), maxKeys);
    return values.flat();
  }

  #open(client: Commands): Batch {
    const names: string[] = [];
    return { names, values: this.#send(client, names) };
  }

  async #send(client: Commands, names: string[]): Promise<readonly (Buffer | null)[]> {
    // What is ready to run now has its say before the batch closes.
    await Promise.resolve();
    if (this.#batch?.names === names) this.#batch = undefined;
    const [only] = names;
    if (only !== undefined && names.length === 1) return [await client.getBuffer(only)];
    return client.mgetBuffer(names);
  }
}
