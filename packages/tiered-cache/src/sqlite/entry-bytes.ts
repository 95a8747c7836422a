/**
 * What an entry takes in a file with pages of 4096 bytes, which rows share only whole: so many of 1,500 bytes fit into one
 * that each takes 2,048. A row of more than 4,061 bytes keeps some 500 of them and has the rest on pages of its own. The
 * two indexes hold the key once more.
 *
 * @see https://www.sqlite.org/fileformat.html, "B-tree Pages"
 */
const pageBytes = 4_096;
const usablePageBytes = 4_088;
const overflowBytes = 4_092;
const longestRow = 4_061;
const longRowBytes = 512;
const headerBytes = 20;
const indexBytes = 48;

/** Bytes that an entry counts as. */
export function entryBytes(key: string, value: Uint8Array): number {
  const keyBytes = Buffer.byteLength(key);
  const rowBytes = value.byteLength + keyBytes + headerBytes;
  const indexed = Math.floor((keyBytes * 3) / 2) + indexBytes;
  if (rowBytes <= longestRow) return Math.floor(pageBytes / Math.floor(usablePageBytes / rowBytes)) + indexed;
  const pages = Math.floor((rowBytes - longRowBytes + overflowBytes - 1) / overflowBytes);
  return pages * pageBytes + longRowBytes + indexed;
}

/** {@link entryBytes} as a term. Of a value with pages of its own the engine reads only the length. */
export function entryBytesSql(row: '' | 'NEW.' | 'OLD.'): string {
  const keyBytes = `octet_length(${row}key)`;
  const rowBytes = `(octet_length(${row}value) + ${keyBytes} + ${headerBytes})`;
  return `(iif(${rowBytes} <= ${longestRow},
    ${pageBytes} / (${usablePageBytes} / ${rowBytes}),
    (${rowBytes} - ${longRowBytes} + ${overflowBytes} - 1) / ${overflowBytes} * ${pageBytes} + ${longRowBytes}
  ) + ${keyBytes} * 3 / 2 + ${indexBytes})`;
}
