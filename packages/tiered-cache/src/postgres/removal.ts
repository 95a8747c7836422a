import type { Rest } from '../durable/housekeeping.ts';
import type { PostgresConnection } from './connection.ts';
import { type RemovalStatements, removalStatements } from './removal-statements.ts';
import type { TableNames } from './schema.ts';

/** Most rows and bytes that one statement removes. Of the last row's bytes it may be more. */
export const stepRows = 1_000;
export const stepBytes: number = 32 * 1024 * 1024;

/**
 * Removes what nobody is given any more: what has expired, and what was cleared.
 *
 * Invariants:
 * - every statement is bounded in rows, and finds them by an index;
 * - rows that somebody else removes or writes just now are passed over, so nobody waits for anybody.
 */
export class Removal {
  readonly #connection: PostgresConnection;
  readonly #sql: RemovalStatements;
  /** How far a cleared part has been removed: what the server remembers of removed rows is not walked over again. */
  #cleared: { readonly part: string; readonly from: Buffer } | undefined;

  constructor(connection: PostgresConnection, names: TableNames) {
    this.#connection = connection;
    this.#sql = removalStatements(names);
  }

  async step(): Promise<Rest> {
    const { rowCount } = await this.#connection.query(this.#sql.removeExpired, [stepRows, stepBytes]);
    if (rowCount !== 0) return 'some';
    const { rows } = await this.#connection.query(this.#sql.clearedPart, []);
    const [cleared] = rows as { readonly part: string }[];
    if (cleared === undefined) return 'none';
    await this.#removeCleared(cleared.part);
    return 'some';
  }

  /** In how many milliseconds the next entry expires; `undefined` if none ever does. */
  async nextExpiryMs(): Promise<number | undefined> {
    const { rows } = await this.#connection.query(this.#sql.nextExpiry, []);
    const [next] = rows as { readonly ms: number | null }[];
    return next?.ms ?? undefined;
  }

  /** A part is forgotten when nothing is left of it. What a write under way may still put there goes with its age. */
  async #removeCleared(part: string): Promise<void> {
    const from = this.#cleared?.part === part ? this.#cleared.from : Buffer.alloc(0);
    const { rows } = await this.#connection.query(this.#sql.removeCleared, [stepRows, stepBytes, part, from]);
    const [last] = rows as { readonly key: Buffer }[];
    this.#cleared = last && { part, from: Buffer.concat([last.key, Buffer.of(0)]) };
    if (last === undefined) await this.#connection.query(this.#sql.forgetPart, [part]);
  }
}
