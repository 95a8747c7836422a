import type { DumpedEntry } from '../results.ts';
import type { Codec } from '../values/codec.ts';

/**
 * How a dumped entry is written. Integers and float64 numbers are big-endian, times in milliseconds:
 *
 * | offset | bytes | content |
 * |---|---|---|
 * | 0 | 8 | fresh for, float64, like the next three |
 * | 8 | 8 | `staleWhileRevalidateMs` |
 * | 16 | 8 | `staleIfErrorMs` |
 * | 24 | 8 | version given by the application; -1 for none |
 * | 32 | 4 + n | key: its length, then UTF-8 |
 * | … | 4 + … | tags: their number, then each as its length (4 bytes) and UTF-8 |
 * | … | … | the value, as the codec made it |
 */
const keyAt = 32;
const lengthBytes = 4;
const noVersion = -1;

/** @throws Whatever the codec throws. */
export function writeEntry(entry: DumpedEntry, codec: Codec): Buffer {
  const times = Buffer.allocUnsafe(keyAt);
  times.writeDoubleBE(entry.freshForMs, 0);
  times.writeDoubleBE(entry.staleWhileRevalidateMs, 8);
  times.writeDoubleBE(entry.staleIfErrorMs, 16);
  times.writeDoubleBE(entry.version ?? noVersion, 24);
  const tags = entry.tags.flatMap(textOf);
  return Buffer.concat([
    times,
    ...textOf(entry.key),
    lengthOf(entry.tags),
    ...tags,
    codec.encode(entry.value),
  ]);
}

/**
 * The entry in a record that has lain for `ageMs`; `undefined` if it is gone by now, its stale times included.
 *
 * @throws If the bytes are no entry, or the codec makes no value of them.
 */
export function readEntry(record: Buffer, ageMs: number, codec: Codec): DumpedEntry | undefined {
  const freshForMs = record.readDoubleBE(0) - ageMs;
  const staleWhileRevalidateMs = record.readDoubleBE(8);
  const staleIfErrorMs = record.readDoubleBE(16);
  const version = record.readDoubleBE(24);
  // Written so that no number of a damaged record can pass for one that lives.
  if (!(freshForMs + Math.max(staleWhileRevalidateMs, staleIfErrorMs) > 0)) return undefined;

  const reader = new TextReader(record, keyAt);
  const key = reader.text();
  const tags = Array.from({ length: reader.count() }, () => reader.text());
  const value = codec.decode(record.subarray(reader.offset));
  if (value === undefined) throw new TypeError('the codec made undefined of an entry');
  return {
    key,
    value,
    freshForMs,
    staleWhileRevalidateMs,
    staleIfErrorMs,
    tags,
    version: version >= 0 ? version : undefined,
  };
}

function textOf(text: string): readonly [Buffer, Buffer] {
  const bytes = Buffer.from(text);
  return [lengthOf(bytes), bytes];
}

function lengthOf({ length }: { readonly length: number }): Buffer {
  const bytes = Buffer.allocUnsafe(lengthBytes);
  bytes.writeUInt32BE(length, 0);
  return bytes;
}

/** Reads one thing after the other, and nothing beyond the end. */
class TextReader {
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: Buffer, offset: number) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  /** @throws {RangeError} if more is announced than there can be. */
  count(): number {
    const count = this.#bytes.readUInt32BE(this.#offset);
    this.#offset += lengthBytes;
    if (count <= this.#bytes.length - this.#offset) return count;
    throw new RangeError('a record is shorter than it says');
  }

  text(): string {
    const end = this.count() + this.#offset;
    const text = this.#bytes.toString('utf8', this.#offset, end);
    this.#offset = end;
    return text;
  }
}
