import { hash, randomBytes } from 'node:crypto';
import { compile, type SqliteDatabase, type SqliteStatement } from './database.ts';
import { decode, encode } from './record-codec.ts';
import type { TableNames } from './schema.ts';
import type { SubjectRecord } from './subject-record.ts';

/** Subjects that each newcomer looks at, so that idle ones go as fast as new ones come. */
const sweepSteps = 2;
/** Subjects to choose from when somebody has to go. */
const evictionSample = 16;

interface Row {
  readonly subject: Uint8Array;
  readonly expires_at: number;
}

/**
 * The subjects of one limiter and scope, a row for each. Holds at most `maxSubjects`, without a timer: each newcomer
 * removes idle subjects that it comes across, and only from a full scope some that matter, for the shortest time first.
 * Rows lie in the order of hashes, so neighbours are a random sample.
 *
 * Everything here is done within a transaction.
 */
export class ScopeRows {
  readonly #id: number;
  readonly #maxSubjects: number;
  readonly #find: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #update: SqliteStatement;
  readonly #remove: SqliteStatement;
  readonly #count: SqliteStatement;
  readonly #next: SqliteStatement;
  #hand: Uint8Array = randomBytes(16);

  constructor(database: SqliteDatabase, { subjects, scopes }: TableNames, id: number, maxSubjects: number) {
    const own = 'scope = ? AND subject = ?';
    this.#id = id;
    this.#maxSubjects = maxSubjects;
    this.#find = compile(database, `SELECT value FROM ${subjects} WHERE ${own}`);
    this.#insert = compile(
      database,
      `INSERT INTO ${subjects} (scope, subject, expires_at, value) VALUES (?, ?, ?, ?)`,
    );
    this.#update = compile(database, `UPDATE ${subjects} SET expires_at = ?, value = ? WHERE ${own}`);
    this.#remove = compile(database, `DELETE FROM ${subjects} WHERE ${own}`);
    this.#count = compile(database, `SELECT subjects FROM ${scopes} WHERE id = ?`);
    this.#next = compile(
      database,
      `SELECT subject, expires_at FROM ${subjects} WHERE scope = ? AND subject > ? ORDER BY subject LIMIT ?`,
    );
  }

  /** The subject's record, or `undefined` if there is none. */
  find(key: Uint8Array, now: number): SubjectRecord | undefined {
    const row = this.#find.get(this.#id, key) as { readonly value: unknown } | undefined;
    return row && decode(row.value, now);
  }

  /** Writes a subject whose row is there already, or removes it if nothing in it matters. */
  update(key: Uint8Array, record: SubjectRecord, now: number): void {
    if (record.endsAt <= now) this.#remove.run(this.#id, key);
    else this.#update.run(expiryOf(record), encode(record, now), this.#id, key);
  }

  /** Makes room and takes in a subject without a row, unless nothing in it matters. */
  add(key: Uint8Array, record: SubjectRecord, now: number): void {
    if (record.endsAt <= now) return;
    this.#makeRoom(now);
    this.#insert.run(this.#id, key, expiryOf(record), encode(record, now));
  }

  remove(key: Uint8Array): void {
    this.#remove.run(this.#id, key);
  }

  #makeRoom(now: number): void {
    const { subjects } = this.#count.get(this.#id) as { readonly subjects: number };
    const tooMany = subjects + 1 - this.#maxSubjects;
    const sample = this.#sample(tooMany > 0 ? evictionSample : sweepSteps);
    const idle = sample.filter(({ expires_at }) => expires_at <= now).length;
    const soonestFirst = sample.toSorted((a, b) => a.expires_at - b.expires_at);
    for (const { subject } of soonestFirst.slice(0, Math.max(idle, tooMany))) this.remove(subject);
  }

  /** The hand goes round and round. */
  #sample(steps: number): Row[] {
    const rows = this.#next.all(this.#id, this.#hand, steps) as Row[];
    if (rows.length < steps) {
      const others = this.#next.all(this.#id, new Uint8Array(), steps - rows.length) as Row[];
      rows.push(...others);
    }
    this.#hand = rows.at(-1)?.subject ?? this.#hand;
    return rows;
  }
}

/** A whole number that every engine can read again, also of a block without an end. */
function expiryOf({ endsAt }: SubjectRecord): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(endsAt));
}

/** 128 bits: rows have a bounded width, and the file does not tell who the subjects are. */
export function keyOf(subject: string): Uint8Array {
  // Lone surrogates would all be the same in UTF-8, and subjects that have them would share their counts.
  const content = subject.isWellFormed() ? subject : Buffer.from(subject, 'utf16le');
  return hash('sha256', content, 'buffer').subarray(0, 16);
}
