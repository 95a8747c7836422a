import { RefusedPayloadError } from './errors.ts';

/**
 * How a value is written outside this process. Integers are big-endian:
 *
 * | offset | bytes | content |
 * |---|---|---|
 * | 0 | 1 | version of this layout, 1 |
 * | 1 | 1 | id of the codec |
 * | 2 | 1 | compression: 0 none, 1 gzip, 2 brotli, 3 zstd |
 * | 3 | 1 | protection: 0 none, 1 HMAC-SHA-256, 2 XAES-256-GCM |
 * | 4 | 4 | version of the schema; 0 without one |
 * | 8 | 4 | bytes that the codec made, before compression |
 * | 12 | … | what the protection needs, then what the codec made, compressed and encrypted as it may be |
 *
 * The length shows where something is cut off, and how much memory a compressed payload asks for.
 */
export interface PayloadHeader {
  readonly codecId: number;
  readonly compression: number;
  readonly protection: number;
  readonly schemaVersion: number;
  readonly valueBytes: number;
}

export const headerBytes = 12;

/** The largest number that fits into the four bytes of a length or of a schema version. */
export const maxHeaderNumber = 0xff_ff_ff_ff;

const layoutVersion = 1;

/** A payload of that many bytes, of which the header is written and nothing else. */
export function newPayload(header: PayloadHeader, payloadBytes: number): Buffer {
  const payload = Buffer.allocUnsafe(payloadBytes);
  payload.writeUInt8(layoutVersion, 0);
  payload.writeUInt8(header.codecId, 1);
  payload.writeUInt8(header.compression, 2);
  payload.writeUInt8(header.protection, 3);
  payload.writeUInt32BE(header.schemaVersion, 4);
  payload.writeUInt32BE(header.valueBytes, 8);
  return payload;
}

/** @throws {RefusedPayloadError} */
export function readHeader(payload: Buffer): PayloadHeader {
  if (payload.byteLength < headerBytes) throw new RefusedPayloadError('damaged', 'is cut off in its header');
  const version = payload.readUInt8(0);
  if (version !== layoutVersion)
    throw new RefusedPayloadError('unknown', `has the unknown layout ${version}`);
  return {
    codecId: payload.readUInt8(1),
    compression: payload.readUInt8(2),
    protection: payload.readUInt8(3),
    schemaVersion: payload.readUInt32BE(4),
    valueBytes: payload.readUInt32BE(8),
  };
}
