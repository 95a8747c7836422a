/**
 * A place in the log of a coherent store. Positions are given out by the store alone, so they order what happened in a
 * fleet whose clocks disagree. For Redis it is the id of a stream entry, milliseconds times 2^64 plus sequence number.
 */
export type Position = bigint;

/** Before everything that is in any log. */
export const beginning: Position = 0n;

const low = 64n;
const lowMask = (1n << low) - 1n;

/** The position of a stream entry. */
export function positionOf(streamId: string): Position {
  const [milliseconds = '0', sequence = '0'] = streamId.split('-');
  return (BigInt(milliseconds) << low) | BigInt(sequence);
}

export function streamIdOf(position: Position): string {
  return `${position >> low}-${position & lowMask}`;
}

/** The first position of a millisecond since 1970. */
export function positionAt(epochMs: number): Position {
  return BigInt(Math.max(0, Math.floor(epochMs))) << low;
}

/** When the store gave the position out, in milliseconds since 1970 on the store's own clock. */
export function writtenAt(position: Position): number {
  return Number(position >> low);
}

/** As 16 bytes: two unsigned integers, big-endian, so that bytes sort as positions do. */
export function writePosition(buffer: Buffer, position: Position, offset: number): void {
  buffer.writeBigUInt64BE(position >> low, offset);
  buffer.writeBigUInt64BE(position & lowMask, offset + 8);
}

export function readPosition(buffer: Buffer, offset: number): Position {
  return (buffer.readBigUInt64BE(offset) << low) | buffer.readBigUInt64BE(offset + 8);
}
