import { createHash } from 'node:crypto';
import type { RedisClient } from './client.ts';

/** A script that the server keeps by its hash. */
export class RedisScript {
  readonly source: string;
  readonly #sha1: string;

  constructor(source: string) {
    this.source = source;
    this.#sha1 = createHash('sha1').update(source).digest('hex');
  }

  /**
   * Runs the script. A server that does not know it, new or failed over to, has run nothing: only then is it sent
   * again, as a whole.
   */
  async run(
    client: RedisClient,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    try {
      return await client.evalsha(this.#sha1, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.eval(this.source, keys.length, ...keys, ...args);
    }
  }
}
