import type { Entries } from './entries.ts';

/** Most keys that are read together. */
const maxKeys = 500;

interface Batch {
  readonly keys: Set<string>;
  readonly values: Promise<ReadonlyMap<string, Uint8Array>>;
}

/**
 * Joins the single reads that are made in the same turn into one query: a hundred concurrent reads cost one round trip and
 * one connection. A read on its own stays a single one.
 */
export class Reads {
  readonly #entries: Pick<Entries, 'read' | 'readMany'>;
  readonly #namespace: string;
  #batch: Batch | undefined;

  constructor(entries: Pick<Entries, 'read' | 'readMany'>, namespace: string) {
    this.#entries = entries;
    this.#namespace = namespace;
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    const batch = (this.#batch ??= this.#open());
    batch.keys.add(key);
    if (batch.keys.size === maxKeys) this.#batch = undefined;
    return (await batch.values).get(key);
  }

  #open(): Batch {
    const keys = new Set<string>();
    return { keys, values: this.#send(keys) };
  }

  async #send(keys: ReadonlySet<string>): Promise<ReadonlyMap<string, Uint8Array>> {
    // What is ready to run now has its say before the batch closes.
    await Promise.resolve();
    if (this.#batch?.keys === keys) this.#batch = undefined;
    const [only] = keys;
    if (only === undefined || keys.size > 1) return this.#entries.readMany(this.#namespace, [...keys]);
    const value = await this.#entries.read(this.#namespace, only);
    return new Map(value === undefined ? [] : [[only, value]]);
  }
}
