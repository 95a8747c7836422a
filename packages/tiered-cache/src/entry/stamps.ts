import { randomBytes } from 'node:crypto';

const wrap = 1n << 64n;

/**
 * Marks that tell writes apart, 64 bits each: a count that starts anywhere. Drawing each one at random would cost more than
 * the rest of a write.
 */
export class Stamps {
  #last = randomBytes(8).readBigUInt64BE();

  next(): bigint {
    this.#last = (this.#last + 1n) % wrap;
    return this.#last;
  }
}

/** A stamp as it stands in an envelope. */
export function stampBytes(stamp: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(stamp);
  return bytes;
}
