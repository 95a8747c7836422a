import { crc32 } from 'node:zlib';

/**
 * How snapshots and lists of hot keys are written. Integers and float64 numbers are big-endian:
 *
 * | offset | bytes | content |
 * |---|---|---|
 * | 0 | 4 | `HFKF` |
 * | 4 | 1 | version of this layout, 1 |
 * | 5 | 1 | kind: 1 for entries, 2 for keys |
 * | 6 | 8 | when the content was true, float64, in milliseconds since 1970 on the writer's clock |
 * | 14 | 4 + n | label: its length, then UTF-8 |
 * | … | … | records, the hottest first, each as its length (4 bytes) and bytes |
 * | -4 | 4 | CRC-32 of everything before |
 */
const magic = Buffer.from('HFKF');
const layoutVersion = 1;
const kinds = { entries: 1, keys: 2 } as const;
const kindAt = 5;
const savedAtAt = 6;
const labelAt = 14;
const lengthBytes = 4;
const checksumBytes = 4;

/** Records are handed on in pieces of about so many bytes, so that never the whole file has to be in memory. */
const pieceBytes = 256 * 1024;

/** A file this full ends with the first record that has no room. Before that, smaller ones may still find some. */
const fullRatio = 0.75;

/** What a file is about. */
export interface Head {
  readonly kind: keyof typeof kinds;
  /** What the records belong to. Only who names the same label reads them. */
  readonly label: string;
  readonly savedAt: number;
}

/** Why a file was not used. */
export type Misfit =
  /** It is none of ours, or of another kind. */
  | 'foreign'
  /** A newer version of this package has written it. */
  | 'newer'
  /** It was cut short or changed. */
  | 'damaged'
  /** What it holds belongs to something else. */
  | 'other-label';

/** Writes a container of at most so many bytes, and counts what it took. */
export class ContainerWriter {
  readonly #maxBytes: number;
  /** What is not handed on yet. */
  readonly #pending: Buffer[];
  #pendingBytes: number;
  #bytes: number;
  #records = 0;
  #checksum = 0;

  constructor(head: Head, maxBytes: number) {
    const start = startOf(head);
    this.#maxBytes = maxBytes;
    this.#pending = [start];
    this.#pendingBytes = start.length;
    this.#bytes = start.length + checksumBytes;
  }

  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The file in pieces. Records are taken as they are needed, and those that have no room left out. */
  *pieces(records: Iterable<Uint8Array>): Generator<Buffer> {
    for (const record of records) {
      if (this.#fits(record)) this.#add(record);
      else if (this.#bytes >= fullRatio * this.#maxBytes) break;
      if (this.#pendingBytes >= pieceBytes) yield this.#takePiece();
    }
    yield this.#takePiece();
    const checksum = Buffer.allocUnsafe(checksumBytes);
    checksum.writeUInt32BE(this.#checksum, 0);
    yield checksum;
  }

  #fits(record: Uint8Array): boolean {
    return this.#bytes + lengthBytes + record.length <= this.#maxBytes;
  }

  #add(record: Uint8Array): void {
    const length = Buffer.allocUnsafe(lengthBytes);
    length.writeUInt32BE(record.length, 0);
    this.#pending.push(length, Buffer.from(record.buffer, record.byteOffset, record.byteLength));
    this.#pendingBytes += lengthBytes + record.length;
    this.#bytes += lengthBytes + record.length;
    this.#records += 1;
  }

  #takePiece(): Buffer {
    const piece = Buffer.concat(this.#pending);
    this.#pending.length = 0;
    this.#pendingBytes = 0;
    this.#checksum = crc32(piece, this.#checksum);
    return piece;
  }
}

/** Opens what a {@link ContainerWriter} has written. Never throws, whatever the bytes. */
export function openContainer(
  bytes: Buffer,
  { kind, label }: Omit<Head, 'savedAt'>,
): { readonly savedAt: number; readonly records: readonly Buffer[] } | Misfit {
  if (!bytes.subarray(0, magic.length).equals(magic)) return 'foreign';
  const version = bytes[magic.length] ?? 0;
  if (version > layoutVersion) return 'newer';
  const end = bytes.length - checksumBytes;
  if (end < labelAt + lengthBytes || bytes.readUInt32BE(end) !== crc32(bytes.subarray(0, end)))
    return 'damaged';
  if (bytes[kindAt] !== kinds[kind]) return 'foreign';
  const [written, ...records] = partsOf(bytes.subarray(labelAt, end));
  if (written === undefined) return 'damaged';
  if (written.toString() !== label) return 'other-label';
  return { savedAt: bytes.readDoubleBE(savedAtAt), records };
}

function startOf({ kind, label, savedAt }: Head): Buffer {
  const text = Buffer.from(label);
  const start = Buffer.alloc(labelAt + lengthBytes);
  magic.copy(start);
  start.writeUInt8(layoutVersion, magic.length);
  start.writeUInt8(kinds[kind], kindAt);
  start.writeDoubleBE(savedAt, savedAtAt);
  start.writeUInt32BE(text.length, labelAt);
  return Buffer.concat([start, text]);
}

/** Empty if the lengths do not add up. */
function partsOf(bytes: Buffer): readonly Buffer[] {
  const parts: Buffer[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (offset + lengthBytes > bytes.length) return [];
    const start = offset + lengthBytes;
    offset = start + bytes.readUInt32BE(offset);
    if (offset > bytes.length) return [];
    parts.push(bytes.subarray(start, offset));
  }
  return parts;
}
