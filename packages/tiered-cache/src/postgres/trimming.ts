import type { Rest } from '../durable/housekeeping.ts';
import type { DurableLimits } from '../durable/limits.ts';
import type { PostgresConnection } from './connection.ts';
import type { PostgresResult } from './pool.ts';
import { type RemovalStatements, removalStatements } from './removal-statements.ts';
import { stepBytes, stepRows } from './removal.ts';
import type { TableNames } from './schema.ts';

/** After writing this share of a limit a process asks whether the limit is kept. */
const checkRatio = 1 / 64;

/** And when it is not, this share of it is removed beyond what is needed: what four processes write between two questions. */
const slackRatio = 1 / 16;

/** Up to so many entries are counted at each check, along their index. */
const countableEntries = 10_000;

/**
 * Keeps a table within its limits: what was written longest ago goes first. There is no counter, as all writers would wait
 * for each other at it. A small number of entries is counted; else a sample of the table's blocks tells how much there is, to
 * within some percent and at a cost that does not grow with the table.
 *
 * Invariants:
 * - every step is bounded in rows, and finds them by an index;
 * - rows that somebody else removes or writes just now are passed over, and what is too much is not removed twice by two
 *   processes;
 * - whatever goes was written before whatever stays.
 */
export class Trimming {
  readonly #connection: PostgresConnection;
  readonly #limits: DurableLimits;
  readonly #sql: RemovalStatements;
  /** Written since the last check. At first as if it were much, for nobody knows what earlier processes wrote. */
  #entries = Infinity;
  #bytes = Infinity;

  constructor(connection: PostgresConnection, names: TableNames, limits: DurableLimits) {
    this.#connection = connection;
    this.#limits = limits;
    this.#sql = removalStatements(names);
  }

  /** Takes note of what was written. Tells whether it is time for a step. */
  note(entries: number, bytes: number): boolean {
    this.#entries += entries;
    this.#bytes += bytes;
    return this.#entriesDue || this.#bytesDue;
  }

  /** Checks the limits that are due, and removes some of what is over them. */
  async step(): Promise<Rest> {
    const countable = this.#limits.maxEntries <= countableEntries;
    const counts = countable && this.#entriesDue;
    const samples = this.#bytesDue || (!countable && this.#entriesDue);
    // A step that fails is not repeated at once: the limits are due again when as much has been written.
    if (counts || (samples && !countable)) this.#entries = 0;
    if (samples) this.#bytes = 0;
    const rests = [counts ? await this.#trimCounted() : 'none', samples ? await this.#trimSampled() : 'none'];
    return rests.includes('some') ? 'some' : 'none';
  }

  get #entriesDue(): boolean {
    return this.#entries > this.#limits.maxEntries * checkRatio;
  }

  get #bytesDue(): boolean {
    return this.#bytes > this.#limits.maxBytes * checkRatio;
  }

  async #trimCounted(): Promise<Rest> {
    const { maxEntries } = this.#limits;
    const { rows } = await this.#connection.query(this.#sql.surplus, [maxEntries, lowered(maxEntries)]);
    const [surplus] = rows as { readonly id: string }[];
    if (surplus === undefined) return 'none';
    const rest = this.#rest(
      await this.#connection.query(this.#sql.removeUpTo, [stepRows, stepBytes, surplus.id]),
    );
    if (rest === 'some') this.#entries = Infinity;
    return rest;
  }

  async #trimSampled(): Promise<Rest> {
    const { maxEntries, maxBytes } = this.#limits;
    const { rows } = await this.#connection.query(this.#sql.sampleShare, []);
    const [sample] = rows as { readonly share: number }[];
    const limits = [maxEntries, maxBytes, lowered(maxEntries), lowered(maxBytes)];
    const removed = await this.#connection.query(this.#sql.removeOldest, [
      stepRows,
      stepBytes,
      ...limits,
      sample?.share,
    ]);
    const rest = this.#rest(removed);
    if (rest === 'some') this.#bytes = Infinity;
    return rest;
  }

  /** A step that removed nothing found nothing, or another process at it. Any other may have been cut short. */
  #rest({ rowCount }: PostgresResult): Rest {
    return rowCount === 0 ? 'none' : 'some';
  }
}

/** How much of a limit is left where it was passed. */
function lowered(limit: number): number {
  return Math.ceil(limit * (1 - slackRatio));
}
