import type { Clock } from '@holdfast/core';

import { writePosition } from '../coherence/position.ts';
import type { ValueGuard } from '../values/copies.ts';
import type { ValueFormat } from '../values/value-format.ts';
import { bufferOf } from '../values/bytes.ts';
import { Entry } from './entry.ts';
import { EnvelopeReader } from './envelope-reader.ts';
import { layout, noVersion } from './layout.ts';

/**
 * How far into the future a stamp may lie, in milliseconds, and still be taken for now. Clocks of a fleet differ by a
 * little; of an entry from further ahead nobody knows how old it is, so it is not used.
 */
const maxSkewMs = 5_000;

/** One moment on both clocks: reading them takes as long as the header of an envelope does. */
export interface Moment {
  readonly now: number;
  readonly epoch: number;
}

export function momentOf(clock: Clock): Moment {
  return { now: clock.now(), epoch: clock.epoch() };
}

/** What an envelope is written and read with. */
export interface Sealing {
  readonly namespace: string;
  readonly clock: Clock;
  readonly format: ValueFormat;
  /** What becomes of a value that is kept in memory. */
  readonly guard: ValueGuard;
}

/**
 * The entry as it goes to tiers outside this process; a promise only if the format makes one.
 *
 * @throws Whatever the format throws.
 */
export function seal(key: string, entry: Entry, sealing: Sealing): Uint8Array | Promise<Uint8Array> {
  const header = headerOf(entry, sealing.clock);
  const payload = sealing.format.encode(entry.value, () => bindingOf(key, header, sealing.namespace));
  if (payload instanceof Promise) return payload.then((bytes) => Buffer.concat([header, bytes]));
  return Buffer.concat([header, payload]);
}

/** What stands in for a deleted entry, to refuse what is older than `version`. */
export function sealTombstone(stamp: bigint, version: number, epoch: bigint, clock: Clock): Uint8Array {
  const now = clock.now();
  const terms = { ttlMs: 0, slidingMs: Infinity, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 };
  const origin = { stamp, epoch, born: 0n, tags: undefined, etag: undefined, version, loadMs: 0 };
  const header = headerOf(new Entry(undefined, now, terms, origin), clock);
  header.writeUInt8(layout.tombstone, layout.kindAt);
  return header;
}

/** A copy of an envelope, marked as one that has moved up from a durable tier. */
export function markedMoved(envelope: Uint8Array): Uint8Array {
  const copy = Buffer.from(envelope);
  copy.writeUInt8(layout.moved, layout.kindAt);
  return copy;
}

/**
 * The entry in an envelope, or `undefined` if it was gone at `moment`. A promise only if the format makes one.
 *
 * @throws If it is no envelope of ours, of another layout, damaged, or refused by the format.
 */
export function unseal(
  key: string,
  envelope: unknown,
  { now, epoch }: Moment,
  { format, guard, namespace }: Omit<Sealing, 'clock'>,
): Entry | undefined | Promise<Entry | undefined> {
  const reader = new EnvelopeReader(checked(envelope));
  const { terms, storedAt, freshUntil } = reader;
  const goneAt = freshUntil + Math.max(terms.staleWhileRevalidateMs, terms.staleIfErrorMs);
  if (reader.isTombstone || storedAt - epoch > maxSkewMs || goneAt <= epoch) return undefined;
  const origin = reader.origin();
  const toNow = now - epoch;
  const open = (value: unknown): Entry => {
    if (value === undefined) throw new TypeError('the format made undefined of an entry');
    const entry = new Entry(guard.keep(value), toNow + Math.min(epoch, storedAt), terms, origin);
    if (entry.slidesAt === Infinity) entry.expire(toNow + freshUntil);
    else entry.slideTo(toNow + freshUntil);
    entry.moved = reader.isMoved;
    return entry;
  };
  const value = format.decode(reader.payload, () => bindingOf(key, reader.header, namespace));
  return value instanceof Promise ? value.then(open) : open(value);
}

/** The stamp of whatever envelope it is; `undefined` if it is none of ours. */
export function stampOf(envelope: unknown): Uint8Array | undefined {
  if (!(envelope instanceof Uint8Array) || envelope.length < layout.etagAt) return undefined;
  return envelope.subarray(layout.stampAt, layout.stampAt + layout.stampBytes);
}

function headerOf({ storedAt, freshUntil, terms, origin }: Entry, clock: Clock): Buffer {
  const etag = Buffer.from(origin.etag ?? '');
  const tags = (origin.tags ?? []).map((tag) => Buffer.from(tag));
  const tagBytes = tags.reduce((sum, tag) => sum + 2 + tag.length, 2);
  const header = Buffer.allocUnsafe(layout.etagAt + 2 + etag.length + tagBytes);
  const toEpoch = clock.epoch() - clock.now();
  header.writeUInt16BE(layout.magic, 0);
  header.writeUInt8(layout.version, 2);
  header.writeUInt8(layout.entry, layout.kindAt);
  header.writeBigUInt64BE(origin.stamp, layout.stampAt);
  header.writeDoubleLE(origin.version ?? noVersion, layout.versionAt);
  header.writeDoubleLE(toEpoch + freshUntil, layout.freshUntilAt);
  header.writeDoubleLE(terms.slidingMs, layout.slidingAt);
  header.writeDoubleLE(toEpoch + storedAt, layout.storedAtAt);
  header.writeDoubleLE(terms.staleWhileRevalidateMs, layout.staleWhileRevalidateAt);
  header.writeDoubleLE(terms.staleIfErrorMs, layout.staleIfErrorAt);
  header.writeDoubleLE(origin.loadMs, layout.loadMsAt);
  header.writeDoubleLE(terms.ttlMs, layout.ttlAt);
  header.writeBigUInt64BE(origin.epoch, layout.epochAt);
  writePosition(header, origin.born, layout.bornAt);
  let offset = writeText(header, etag, layout.etagAt);
  offset = header.writeUInt16BE(tags.length, offset);
  for (const tag of tags) offset = writeText(header, tag, offset);
  return header;
}

function writeText(header: Buffer, text: Buffer, offset: number): number {
  const start = header.writeUInt16BE(text.length, offset);
  header.set(text, start);
  return start + text.length;
}

/**
 * Everything that must not be changed or moved to another key: the header but for its kind, and for the end of its fresh life
 * and `slidingMs`, which change in place.
 */
function bindingOf(key: string, header: Uint8Array, namespace: string): Uint8Array {
  const place = JSON.stringify([namespace, key]);
  const fixed = [header.subarray(layout.stampAt, layout.freshUntilAt), header.subarray(layout.storedAtAt)];
  return Buffer.concat([Buffer.from(`${place.length}:${place}`), ...fixed]);
}

function checked(envelope: unknown): Buffer {
  if (!(envelope instanceof Uint8Array)) throw new TypeError('a cache entry is not made of bytes');
  const buffer = bufferOf(envelope);
  if (buffer.length < layout.etagAt + 4 || buffer.readUInt16BE(0) !== layout.magic)
    throw new TypeError('a cache entry is not ours');
  const version = buffer.readUInt8(2);
  if (version !== layout.version) throw new TypeError(`a cache entry has the unknown layout ${version}`);
  return buffer;
}
