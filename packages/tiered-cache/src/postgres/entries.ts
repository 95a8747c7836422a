import type { PostgresConnection } from './connection.ts';
import { type EntryStatements, entryStatements } from './entry-statements.ts';
import type { Statement } from './pool.ts';
import type { TableNames } from './schema.ts';
import { storedKey } from './stored-key.ts';

/** Most keys of one statement, so that none keeps the server or a connection for long. */
const maxKeys = 1_000;

/** Most bytes of values in one statement, but for one value that is larger. */
const maxValueBytes = 4 * 1024 * 1024;

/** An entry on its way into the table. */
export interface Writing {
  /** As it is stored. */
  readonly key: Buffer;
  readonly value: Uint8Array;
}

/**
 * The entries of a table by namespace and key.
 *
 * Invariants:
 * - an entry that was written later has a larger id, also where it replaced another;
 * - the server's clock alone decides what has expired;
 * - statements on several keys lock them in the order of the keys, so they never wait for each other in a circle;
 * - clearing a namespace is one write, however much it holds: its entries are given to nobody from then on.
 */
export class Entries {
  readonly #connection: PostgresConnection;
  readonly #sql: EntryStatements;

  constructor(connection: PostgresConnection, names: TableNames) {
    this.#connection = connection;
    this.#sql = entryStatements(names);
  }

  async read(namespace: string, key: string): Promise<Uint8Array | undefined> {
    const { rows } = await this.#connection.query(this.#sql.read, [namespace, storedKey(key)]);
    return (rows[0] as { readonly value: Uint8Array } | undefined)?.value;
  }

  async readMany(namespace: string, keys: readonly string[]): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for (let start = 0; start < keys.length; start += maxKeys) {
      // What comes back is the stored form of a key, and of a long one only its digest.
      const asked = new Map<string, string>();
      const stored = keys.slice(start, start + maxKeys).map((key) => {
        const bytes = storedKey(key);
        asked.set(bytes.toString('latin1'), key);
        return bytes;
      });
      const { rows } = await this.#connection.query(this.#sql.readMany, [namespace, stored]);
      for (const { key, value } of rows as { readonly key: Buffer; readonly value: Uint8Array }[])
        found.set(asked.get(key.toString('latin1')) ?? '', value);
    }
    return found;
  }

  /**
   * Several at once are written in batches, each whole or not at all.
   *
   * @param writings - No two of the same key.
   * @param ttlMs - `null` for no end.
   */
  async write(namespace: string, writings: readonly Writing[], ttlMs: number | null): Promise<void> {
    const [only] = writings;
    if (only !== undefined && writings.length === 1)
      return this.#write(this.#sql.write, [namespace, only.key, only.value, ttlMs]);
    for (const batch of batches(writings)) {
      const keys = batch.map(({ key }) => key);
      const values = batch.map(({ value }) => value);
      await this.#write(this.#sql.writeMany, [namespace, keys, values, ttlMs]);
    }
  }

  /**
   * Tells how many of the keys were held and had not expired.
   *
   * @param keys - As they are stored.
   */
  async remove(namespace: string, keys: readonly Buffer[]): Promise<number> {
    let removed = 0;
    for (let start = 0; start < keys.length; start += maxKeys) {
      const batch = keys.slice(start, start + maxKeys);
      const { rows } = await (batch.length === 1
        ? this.#connection.query(this.#sql.remove, [namespace, batch[0]])
        : this.#connection.query(this.#sql.removeMany, [namespace, batch]));
      removed += (rows as { readonly live: boolean }[]).filter(({ live }) => live).length;
    }
    return removed;
  }

  async clear(namespace: string): Promise<void> {
    await this.#connection.query(this.#sql.clear, [namespace]);
  }

  async #write(sql: Statement, values: unknown[]): Promise<void> {
    const { rowCount } = await this.#connection.query(sql, values);
    if (rowCount !== 0) return;
    // The first entry of this namespace.
    await this.#connection.query(this.#sql.addPart, [values[0]]);
    await this.#connection.query(sql, values);
  }
}

function* batches(writings: readonly Writing[]): Generator<Writing[]> {
  let batch: Writing[] = [];
  let bytes = 0;
  for (const writing of writings.toSorted((one, other) => Buffer.compare(one.key, other.key))) {
    if (batch.length === maxKeys || bytes + writing.value.byteLength > maxValueBytes) {
      if (batch.length > 0) yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(writing);
    bytes += writing.value.byteLength;
  }
  if (batch.length > 0) yield batch;
}
