/** What a row takes beside its value and key: its header, its numbers and its places in three indexes. */
const rowBytes = 160;

/** Bytes that an entry counts as: about what it takes in the table and its indexes. */
export function entryBytes(key: Buffer, value: Uint8Array): number {
  return value.byteLength + 2 * key.byteLength + rowBytes;
}

/** {@link entryBytes} as a term. Of a value that is stored apart the server reads only the length. */
export const entryBytesSql: string = `(octet_length(value) + 2 * octet_length(key) + ${rowBytes})`;
