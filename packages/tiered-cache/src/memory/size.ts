/**
 * What an entry costs beyond its key and value: the record itself, its place in the table, and the keys that the table
 * remembers beside those that it holds. Measured on 100,000 entries in the more spacious of the two tables.
 */
const overheadBytes = 640;

/**
 * Estimates the memory that a cache entry holds, in bytes, a whole number of at least 1. Strings count two bytes a
 * character, so text in one-byte characters is overestimated rather than the bound missed.
 *
 * @param valueBytes - Less than 0 counts as 0. `NaN` gives `NaN`, which fits nowhere.
 */
export function entryBytes(key: string, valueBytes: number): number {
  return Math.ceil(overheadBytes + 2 * key.length + Math.max(0, valueBytes));
}

/** The part of {@link entryBytes} that the value makes up. Walks the whole value, each object once. */
export function estimateBytes(value: unknown): number {
  const seen = new Set<object>();
  const open: unknown[] = [value];
  let bytes = 0;
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) {
      bytes += primitiveBytes(next);
    } else if (!seen.has(next)) {
      seen.add(next);
      bytes += objectBytes(next, open);
    }
  }
  return bytes;
}

function primitiveBytes(value: unknown): number {
  if (typeof value === 'string') return 16 + 2 * value.length;
  if (typeof value === 'bigint') return 16 + value.toString(16).length / 2;
  return 8;
}

/** The object's own bytes; what it refers to is put on `open`. */
function objectBytes(object: object, open: unknown[]): number {
  if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) return 96 + object.byteLength;
  if (Array.isArray(object)) {
    for (const item of object) open.push(item);
    return 32;
  }
  if (object instanceof Map) {
    for (const [key, value] of object) open.push(key, value);
    return 64 + 32 * object.size;
  }
  if (object instanceof Set) {
    for (const item of object) open.push(item);
    return 64 + 24 * object.size;
  }
  for (const key of Object.keys(object)) open.push((object as Record<string, unknown>)[key]);
  return 56;
}
