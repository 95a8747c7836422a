import { InvalidOptionError, methods } from '@holdfast/core';

/**
 * Turns values into bytes and back, for the tiers outside this process. `typedCodec`, `jsonCodec` and `v8Codec` are ours;
 * any other format is a few lines:
 *
 * ```ts
 * const msgpackCodec: Codec = { id: 16, encode: pack, decode: unpack };
 * ```
 */
export interface Codec {
  /**
   * Tells entries of different codecs apart: a whole number from 16 to 255. 0 to 15 are ours. A cache takes an
   * entry of another codec than its own for absent.
   */
  readonly id: number;
  /** @throws If it cannot represent the value. */
  encode(value: unknown): Uint8Array;
  /**
   * @param bytes - Belong to the tier: a value that keeps a view of them has to copy.
   * @throws If the bytes make no value.
   */
  decode(bytes: Uint8Array): unknown;
}

/** Marks our codecs, so that those of another copy of this package are known as well. */
const ours = Symbol.for('@holdfast/tiered-cache.codec');

const firstForeignId = 16;

/** Marks a codec as one of ours, with one of our ids. */
export function ownCodec(codec: Codec): Codec {
  return Object.freeze(Object.defineProperty(codec, ours, { value: true }));
}

/** @throws {InvalidOptionError} */
export function resolveCodec(codec: Codec): Codec {
  methods('codec', codec, 'encode', 'decode');
  const min = ours in codec ? 0 : firstForeignId;
  if (Number.isInteger(codec.id) && codec.id >= min && codec.id <= 255) return codec;
  throw new InvalidOptionError('codec.id', `a whole number from ${min} to 255`, codec.id);
}
