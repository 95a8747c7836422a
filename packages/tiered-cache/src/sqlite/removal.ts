import type { Clock } from '@holdfast/core';

import type { Rest } from '../durable/housekeeping.ts';
import type { DurableLimits } from '../durable/limits.ts';
import { compile, type SqliteDatabase, type SqliteStatement } from './database.ts';
import { entryBytesSql } from './entry-bytes.ts';
import type { TableNames } from './schema.ts';

/** Most rows and bytes that one step removes: some 5 ms of work. */
const stepRows = 500;
const stepBytes = 8 * 1024 * 1024;

/** Rows that a write removes at most, and one more for each that it wrote. */
const writeRows = 64;

/** By this share of a limit is removed more than needed, so that not every write has to remove something. */
const slackRatio = 1 / 64;

interface Size {
  readonly entries: number;
  readonly bytes: number;
}

interface Old {
  readonly id: number;
  readonly bytes: number;
}

/**
 * Removes what a table need not or must not hold: what has expired, what was cleared, and what is over the limits, that
 * which was written longest ago first.
 *
 * Not what expires first: entries with a long life or none would then fill the table for good, and new ones be pushed
 * out at once. And in this order whatever is still held was written later than anything pushed out, so that a mark
 * against older entries never goes before them.
 *
 * Invariants:
 * - every step is bounded in rows, however much there is to remove, and finds them by an index;
 * - what is within the limits and neither expired nor cleared is not removed.
 */
export class Removal {
  readonly #clock: Clock;
  readonly #limits: DurableLimits;
  readonly #size: SqliteStatement;
  readonly #removeExpired: SqliteStatement;
  readonly #nextExpiry: SqliteStatement;
  readonly #clearedPart: SqliteStatement;
  readonly #removeCleared: SqliteStatement;
  readonly #forgetPart: SqliteStatement;
  readonly #oldest: SqliteStatement;
  readonly #removeUpTo: SqliteStatement;

  constructor(database: SqliteDatabase, names: TableNames, clock: Clock, limits: DurableLimits) {
    const { entries, parts, size } = names;
    const remove = (which: string): SqliteStatement =>
      compile(
        database,
        `DELETE FROM ${entries} WHERE id IN (SELECT id FROM ${entries} WHERE ${which} LIMIT ?)`,
      );
    this.#clock = clock;
    this.#limits = limits;
    this.#size = compile(database, `SELECT entries, bytes FROM ${size}`);
    this.#removeExpired = remove('expires_at <= ? ORDER BY expires_at');
    this.#nextExpiry = compile(
      database,
      `SELECT expires_at AS value FROM ${entries} WHERE expires_at IS NOT NULL ORDER BY expires_at LIMIT 1`,
    );
    this.#clearedPart = compile(
      database,
      `SELECT part AS value FROM ${parts} WHERE namespace IS NULL LIMIT 1`,
    );
    this.#removeCleared = remove('part = ?');
    this.#forgetPart = compile(database, `DELETE FROM ${parts} WHERE part = ? AND namespace IS NULL`);
    this.#oldest = compile(
      database,
      `SELECT id, ${entryBytesSql('')} AS bytes FROM ${entries} ORDER BY id LIMIT ?`,
    );
    this.#removeUpTo = compile(database, `DELETE FROM ${entries} WHERE id <= ?`);
  }

  /** Holds the limits after a write of so many entries. What a large entry displaces may take further steps. */
  trim(written: number): Rest {
    return this.#isOver(this.#measure()) ? this.#makeRoom(writeRows + written) : 'none';
  }

  /** Frees space for a write that found none, however much the limits would allow. */
  giveWay(): void {
    const oldest = this.#oldest.all(writeRows) as Old[];
    this.#removeUpTo.run(oldest.at(-1)?.id ?? 0);
  }

  /** Removes some of what need not be there. */
  step(): Rest {
    const size = this.#measure();
    if (this.#removeDead(size, stepRows) > 0) return 'some';
    return this.#isOver(size) ? this.#makeRoom(stepRows) : 'none';
  }

  /** In how many milliseconds the next entry expires, at least 0; `undefined` if none ever does. */
  nextExpiryMs(): number | undefined {
    const row = this.#nextExpiry.get() as { readonly value: number } | undefined;
    return row && Math.max(0, row.value - this.#clock.epoch());
  }

  #measure(): Size {
    return this.#size.get() as Size;
  }

  #isOver({ entries, bytes }: Size): boolean {
    return entries > this.#limits.maxEntries || bytes > this.#limits.maxBytes;
  }

  #makeRoom(rows: number): Rest {
    const removed = this.#removeDead(this.#measure(), rows);
    const size = this.#measure();
    if (this.#isOver(size) && removed < rows) this.#removeOldest(size, rows - removed);
    return this.#isOver(this.#measure()) ? 'some' : 'none';
  }

  /** Removes what nobody is given any more, and tells how much that was: entries, and the parts that they were cleared with. */
  #removeDead({ entries, bytes }: Size, maxRows: number): number {
    const averageBytes = bytes / Math.max(1, entries);
    const rows = Math.max(1, Math.min(maxRows, Math.floor(stepBytes / averageBytes)));
    const expired = Number(this.#removeExpired.run(this.#clock.epoch(), rows).changes);
    return expired < rows ? expired + this.#removeSomeCleared(rows - expired) : expired;
  }

  #removeSomeCleared(rows: number): number {
    const cleared = this.#clearedPart.get() as { readonly value: number } | undefined;
    if (cleared === undefined) return 0;
    const removed = Number(this.#removeCleared.run(cleared.value, rows).changes);
    if (removed === rows) return removed;
    // It counts, because another cleared part may come after one that was empty.
    this.#forgetPart.run(cleared.value);
    return removed + 1;
  }

  #removeOldest(size: Size, rows: number): void {
    const { maxEntries, maxBytes } = this.#limits;
    let entriesOver = size.entries - Math.ceil(maxEntries * (1 - slackRatio));
    let bytesOver = size.bytes - maxBytes * (1 - slackRatio);
    let last = 0;
    for (const { id, bytes } of this.#oldest.all(rows) as Old[]) {
      if (entriesOver <= 0 && bytesOver <= 0) break;
      entriesOver -= 1;
      bytesOver -= bytes;
      last = id;
    }
    this.#removeUpTo.run(last);
  }
}
