import { layout, noVersion } from '../../src/entry/layout.ts';

export interface EnvelopeParts {
  readonly kind?: number;
  readonly stamp?: number;
  readonly version?: number;
  readonly freshUntil?: number;
  readonly slidingMs?: number;
  readonly payload?: string;
}

/** An envelope with just what a store looks at, and something to tell it by. */
export function envelope(parts: EnvelopeParts = {}): Buffer {
  const { kind = layout.entry, stamp = 1, version = noVersion, payload = '' } = parts;
  const { freshUntil = 9e12, slidingMs = Infinity } = parts;
  const header = Buffer.alloc(layout.etagAt + 4);
  header.writeUInt16BE(layout.magic, 0);
  header.writeUInt8(layout.version, 2);
  header.writeUInt8(kind, layout.kindAt);
  header.writeBigUInt64BE(BigInt(stamp), layout.stampAt);
  header.writeDoubleLE(version, layout.versionAt);
  header.writeDoubleLE(freshUntil, layout.freshUntilAt);
  header.writeDoubleLE(slidingMs, layout.slidingAt);
  return Buffer.concat([header, Buffer.from(payload)]);
}

export function tombstone(version: number, stamp = 99): Buffer {
  return envelope({ kind: layout.tombstone, version, stamp });
}

export function stampOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(layout.stampAt, layout.stampAt + layout.stampBytes);
}

export function freshUntilOf(bytes: Uint8Array | undefined): number {
  return Buffer.from(bytes ?? []).readDoubleLE(layout.freshUntilAt);
}

/** As a plain buffer, so that what a store gives can be compared. */
export function plain(bytes: Uint8Array | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes);
}
