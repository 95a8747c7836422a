import { createHash } from 'node:crypto';

import type { Statement } from './pool.ts';
import type { TableNames } from './schema.ts';

/** Statements on entries. $1 is always the namespace. */
export interface EntryStatements {
  /** $2 is a key. */
  readonly read: Statement;
  /** $2 are keys. */
  readonly readMany: Statement;
  /** $2 is a key, $3 a value, $4 a life in milliseconds or null. Writes nothing if the namespace has no part yet. */
  readonly write: Statement;
  /** As `write`, with lists of keys and values. */
  readonly writeMany: Statement;
  /** $2 is a key. Gives for each that it found whether it was `live`. */
  readonly remove: Statement;
  /** $2 are keys. They are locked in their order before any is removed. */
  readonly removeMany: Statement;
  readonly clear: Statement;
  readonly addPart: Statement;
}

export function entryStatements({ entries, parts }: TableNames): EntryStatements {
  const part = `(SELECT part FROM ${parts} WHERE namespace = $1)`;
  const expiry = "coalesce(statement_timestamp() + $4::float8 * interval '1 millisecond', 'infinity')";
  const insert = `INSERT INTO ${entries} (part, key, value, expires_at)`;
  const replace = `ON CONFLICT (part, key) DO UPDATE SET
    id = excluded.id, value = excluded.value, expires_at = excluded.expires_at`;
  return {
    read: statement(`SELECT value FROM ${entries}
      WHERE part = ${part} AND key = $2 AND expires_at > statement_timestamp()`),
    readMany: statement(`SELECT key, value FROM ${entries}
      WHERE part = ${part} AND key = ANY ($2::bytea[]) AND expires_at > statement_timestamp()`),
    write: statement(`${insert}
      SELECT part, $2::bytea, $3::bytea, ${expiry} FROM ${parts} WHERE namespace = $1 ${replace}`),
    writeMany: statement(`${insert}
      SELECT part, batch.key, batch.value, ${expiry}
      FROM ${parts}, unnest($2::bytea[], $3::bytea[]) AS batch (key, value) WHERE namespace = $1
      ORDER BY batch.key ${replace}`),
    remove: statement(`DELETE FROM ${entries} WHERE part = ${part} AND key = $2
      RETURNING expires_at > statement_timestamp() AS live`),
    removeMany: statement(`WITH held AS (
        SELECT part, key FROM ${entries} WHERE part = ${part} AND key = ANY ($2::bytea[]) ORDER BY key FOR UPDATE
      )
      DELETE FROM ${entries} AS entry USING held WHERE entry.part = held.part AND entry.key = held.key
      RETURNING entry.expires_at > statement_timestamp() AS live`),
    clear: statement(`UPDATE ${parts} SET namespace = NULL WHERE namespace = $1`),
    addPart: statement(`INSERT INTO ${parts} (namespace) VALUES ($1) ON CONFLICT DO NOTHING`),
  };
}

function statement(text: string): Statement {
  return { name: `holdfast_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`, text };
}
