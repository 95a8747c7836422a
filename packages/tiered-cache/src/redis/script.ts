import { createHash } from 'node:crypto';

import type { Commands, ScriptArgument } from './client.ts';

/** A script that the server keeps by its hash. */
export class Script {
  readonly #source: string;
  readonly #sha1: string;

  constructor(source: string) {
    this.#source = source;
    this.#sha1 = createHash('sha1').update(source).digest('hex');
  }

  /**
   * Runs the script; texts in its answer are buffers. A server that does not know it, new or failed over to, has run
   * nothing: only then is it sent again, as a whole.
   */
  async run(client: Commands, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown> {
    try {
      return await client.evalshaBuffer(this.#sha1, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.evalBuffer(this.#source, keys.length, ...keys, ...args);
    }
  }
}

/** Whether a script answered 1, which a client may be set to give as a text. */
export function isYes(answer: unknown): boolean {
  return Number(answer) === 1;
}
