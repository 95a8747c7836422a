import { createHash } from 'node:crypto';

/** Longest key that is stored as it is, in bytes. An index of Postgres takes some 2,700. */
const longestBytes = 1_000;

/** What a digest begins with: a byte that no UTF-8 contains. */
const digestMark = Buffer.of(0xff);

/** What stands for a key in the database: its bytes in UTF-8, or a SHA-256 digest of a long one. */
export function storedKey(key: string): Buffer {
  const bytes = Buffer.from(key);
  if (bytes.length <= longestBytes) return bytes;
  return Buffer.concat([digestMark, createHash('sha256').update(bytes).digest()]);
}
