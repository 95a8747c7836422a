import type { Clock } from '@holdfast/core';

import { bufferOf, type Codec } from './codec.ts';
import { Entry, type Terms } from './entry.ts';

/**
 * How an entry is written outside this process. All numbers little-endian, all times in milliseconds:
 *
 * | offset | bytes | content |
 * |---|---|---|
 * | 0 | 2 | `HF` |
 * | 2 | 1 | version of this layout, 1 |
 * | 3 | 1 | id of the codec |
 * | 4 | 8 | when it was stored, since 1970 on the writer's wall clock, as a float64 |
 * | 12 | 8 | `ttlMs`, as a float64, like the next two |
 * | 20 | 8 | `staleWhileRevalidateMs` |
 * | 28 | 8 | `staleIfErrorMs` |
 * | 36 | … | what the codec made of the value |
 */
const headerBytes = 36;
const magic = 0x4648;
const layoutVersion = 1;

/**
 * How far into the future a stamp may lie, in milliseconds, and still be taken for now. Clocks of a fleet differ by a
 * little; of an entry from further ahead nobody knows how old it is, so it is not used.
 */
const maxSkewMs = 5_000;

/** @throws Whatever the codec throws. */
export function seal(entry: Entry, terms: Terms, codec: Codec): Uint8Array {
  const payload = codec.encode(entry.value);
  const envelope = Buffer.allocUnsafe(headerBytes + payload.byteLength);
  envelope.writeUInt16LE(magic, 0);
  envelope.writeUInt8(layoutVersion, 2);
  envelope.writeUInt8(codec.id, 3);
  envelope.writeDoubleLE(entry.stamp, 4);
  envelope.writeDoubleLE(terms.ttlMs, 12);
  envelope.writeDoubleLE(terms.staleWhileRevalidateMs, 20);
  envelope.writeDoubleLE(terms.staleIfErrorMs, 28);
  envelope.set(payload, headerBytes);
  return envelope;
}

/**
 * The entry in an envelope, or `undefined` if it is gone by now.
 *
 * @throws If it is no envelope of ours, of another layout or codec, or damaged.
 */
export function unseal(envelope: unknown, clock: Clock, codec: Codec): Entry | undefined {
  const buffer = checked(envelope, codec);
  const terms = {
    ttlMs: time(buffer, 12),
    staleWhileRevalidateMs: time(buffer, 20),
    staleIfErrorMs: time(buffer, 28),
  };
  const stamp = time(buffer, 4);
  const ageMs = clock.epoch() - stamp;
  const goneMs = terms.ttlMs + Math.max(terms.staleWhileRevalidateMs, terms.staleIfErrorMs);
  if (ageMs < -maxSkewMs || ageMs >= goneMs) return undefined;
  const value = codec.decode(buffer.subarray(headerBytes));
  if (value === undefined) throw new TypeError('the codec made undefined of an entry');
  return new Entry(value, clock.now() - Math.max(0, ageMs), stamp, terms);
}

function checked(envelope: unknown, codec: Codec): Buffer {
  if (!(envelope instanceof Uint8Array)) throw new TypeError('a cache entry is not made of bytes');
  const buffer = bufferOf(envelope);
  if (buffer.length < headerBytes || buffer.readUInt16LE(0) !== magic)
    throw new TypeError('a cache entry is not ours');
  const version = buffer.readUInt8(2);
  if (version !== layoutVersion) throw new TypeError(`a cache entry has the unknown layout ${version}`);
  const id = buffer.readUInt8(3);
  if (id !== codec.id) throw new TypeError(`a cache entry was written by the codec ${id}, not ${codec.id}`);
  return buffer;
}

function time(buffer: Buffer, offset: number): number {
  const value = buffer.readDoubleLE(offset);
  if (value >= 0) return value;
  throw new TypeError('a cache entry has a damaged header');
}
