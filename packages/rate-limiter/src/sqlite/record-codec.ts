import { crc32 } from 'node:zlib';
import type { Slot } from './slot.ts';
import { SubjectRecord } from './subject-record.ts';

/*
 * A row's value, little-endian: format (1 byte), CRC-32 of what follows (4), when it was written (float64), until when the
 * subject is blocked (float64), then the slots: mode (1), length of the name (1), name, end (float64), start of the grid
 * (float64), number of cells (1), cells (2 float64 each). Instants are milliseconds since 1970.
 */

const format = 1;
const contentAt = 5;
const slotsAt = contentAt + 16;
const modes = ['strict', 'smooth'] as const;

/** The bytes are the caller's. Slots that do not count any more are left out. */
export function encode(record: SubjectRecord, now: number): Uint8Array {
  const slots = [...record.slots].filter(({ cells, endsAt }) => cells.length > 0 && endsAt > now);
  const bytes = Buffer.allocUnsafe(slots.reduce((size, slot) => size + sizeOf(slot), slotsAt));
  bytes.writeDoubleLE(now, contentAt);
  bytes.writeDoubleLE(record.blockedUntil, contentAt + 8);
  let at = slotsAt;
  for (const slot of slots) at = writeSlot(bytes, at, slot);
  bytes[0] = format;
  bytes.writeUInt32LE(crc32(bytes.subarray(contentAt)), 1);
  return bytes;
}

/** What is damaged, or of another format or origin, counts as empty. */
export function decode(value: unknown, now: number): SubjectRecord {
  if (!(value instanceof Uint8Array) || value.length < slotsAt || value[0] !== format)
    return new SubjectRecord();
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes.readUInt32LE(1) !== crc32(bytes.subarray(contentAt))) return new SubjectRecord();
  try {
    const slots: Slot[] = [];
    for (let at = slotsAt; at < bytes.length;) at = readSlot(bytes, at, slots);
    return new SubjectRecord(slots, bytes.readDoubleLE(contentAt + 8), bytes.readDoubleLE(contentAt) - now);
  } catch {
    return new SubjectRecord();
  }
}

function sizeOf({ name, cells }: Slot): number {
  return 2 + name.length + 16 + 1 + 8 * cells.length;
}

function writeSlot(bytes: Buffer, start: number, { mode, name, endsAt, gridStartsAt, cells }: Slot): number {
  bytes[start] = modes.indexOf(mode);
  bytes[start + 1] = name.length;
  let at = start + 2;
  at += bytes.write(name, at, 'latin1');
  at = bytes.writeDoubleLE(endsAt, at);
  at = bytes.writeDoubleLE(gridStartsAt, at);
  at = bytes.writeUInt8(cells.length / 2, at);
  for (const number of cells) at = bytes.writeDoubleLE(number, at);
  return at;
}

function readSlot(bytes: Buffer, start: number, slots: Slot[]): number {
  const mode = modes[bytes.readUInt8(start)] ?? 'strict';
  const nameEnds = start + 2 + bytes.readUInt8(start + 1);
  const name = bytes.toString('latin1', start + 2, nameEnds);
  const past = nameEnds + 17 + 16 * bytes.readUInt8(nameEnds + 16);
  const cells: number[] = [];
  for (let at = nameEnds + 17; at < past; at += 8) cells.push(bytes.readDoubleLE(at));
  slots.push({
    mode,
    name,
    endsAt: bytes.readDoubleLE(nameEnds),
    gridStartsAt: bytes.readDoubleLE(nameEnds + 8),
    cells,
  });
  return past;
}
