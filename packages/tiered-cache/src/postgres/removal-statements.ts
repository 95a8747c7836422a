import { entryBytesSql } from './entry-bytes.ts';
import type { TableNames } from './schema.ts';

/** Blocks of the table that are looked at to estimate how much is in it. A smaller table is counted. */
const sampleBlocks = 1_024;

/**
 * Statements of the housekeeping. Of those that remove, $1 is the most rows and $2 the most bytes that one run takes. Rows
 * are removed by their place in the table, so that the plan does not hang on statistics, which a new table has none of.
 */
export interface RemovalStatements {
  readonly removeExpired: string;
  /** In how many `ms` the next entry expires; `null` if none does. */
  readonly nextExpiry: string;
  /** A `part` that was cleared, if there is one. */
  readonly clearedPart: string;
  /** $3 is the part, $4 a key to begin at. Gives the last `key` removed, or nothing. */
  readonly removeCleared: string;
  /** $1 is the part. */
  readonly forgetPart: string;
  /** Where there are more entries than $1: the `id` of the newest that goes if only the newest $2 stay. */
  readonly surplus: string;
  /** $3 is the newest id to remove. */
  readonly removeUpTo: string;
  /** The `share` of the table to look at for an estimate, in percent. */
  readonly sampleShare: string;
  /**
   * $3 and $4 are the limits in entries and bytes, $5 and $6 what is to be left where one is passed, $7 the share to look at.
   * Removes nothing while another process runs the same.
   */
  readonly removeOldest: string;
}

export function removalStatements({ entries, parts }: TableNames): RemovalStatements {
  const expires = "expires_at < 'infinity'";
  const found = (which: string): string =>
    `SELECT ctid, id, key, ${entryBytesSql} AS bytes FROM ${entries} ${which} LIMIT $1 FOR UPDATE SKIP LOCKED`;
  const ranked = 'SELECT ctid, key, sum(bytes) OVER (ORDER BY id) - bytes AS before FROM found';
  const remove = (chosen: string): string =>
    `DELETE FROM ${entries} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${chosen}))`;
  const removal = (which: string): string =>
    `WITH found AS (${found(which)}), ranked AS (${ranked}) ${remove('ranked WHERE before < $2')}`;
  return {
    removeExpired: removal(`WHERE expires_at <= statement_timestamp() AND ${expires} ORDER BY expires_at`),
    nextExpiry: `SELECT (1000 * extract(epoch FROM min(expires_at) - statement_timestamp()))::float8 AS ms
      FROM ${entries} WHERE ${expires}`,
    clearedPart: `SELECT part FROM ${parts} WHERE namespace IS NULL LIMIT 1`,
    removeCleared: `WITH found AS (
        ${found('WHERE part = $3 AND key >= $4 ORDER BY key')}
      ), ranked AS (
        SELECT ctid, key, sum(bytes) OVER (ORDER BY key) - bytes AS before FROM found
      ), gone AS (
        ${remove('ranked WHERE before < $2')}
      )
      SELECT key FROM ranked WHERE before < $2 ORDER BY key DESC LIMIT 1`,
    forgetPart: `DELETE FROM ${parts} WHERE part = $1 AND namespace IS NULL`,
    surplus: `SELECT id FROM ${entries}
      WHERE EXISTS (SELECT FROM ${entries} ORDER BY id DESC OFFSET $1 LIMIT 1) ORDER BY id DESC OFFSET $2 LIMIT 1`,
    removeUpTo: removal('WHERE id <= $3 ORDER BY id'),
    sampleShare: `SELECT least(100, 100.0 * ${sampleBlocks} * current_setting('block_size')::int
      / greatest(1, pg_relation_size('${entries}')))::float8 AS share`,
    removeOldest: `WITH turn AS MATERIALIZED (
        SELECT pg_try_advisory_xact_lock(hashtextextended('holdfast trim ${entries}', 0)) AS mine
      ), there AS MATERIALIZED (
        SELECT count(*) * 100 / $7::float8 AS entries, coalesce(sum(${entryBytesSql}), 0) * 100 / $7::float8 AS bytes
        FROM ${entries} TABLESAMPLE SYSTEM ($7::float8)
      ), goal AS MATERIALIZED (
        SELECT entries - $5::float8 AS entries, bytes - $6::float8 AS bytes FROM there, turn
        WHERE mine AND (entries > $3::float8 OR bytes > $4::float8)
      ), found AS (
        ${found('WHERE EXISTS (SELECT FROM goal) ORDER BY id')}
      ), ranked AS (
        SELECT ctid, row_number() OVER (ORDER BY id) AS nth, sum(bytes) OVER (ORDER BY id) - bytes AS before FROM found
      )
      ${remove('ranked, goal WHERE before < $2 AND (nth <= goal.entries OR before < goal.bytes)')}`,
  };
}
