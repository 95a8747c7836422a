/** Turns values into bytes and back, for the tiers outside this process. */
export interface Codec {
  /** Tells entries of different codecs apart: a whole number from 0 to 255. 0 to 15 are ours. */
  readonly id: number;
  /** @throws If it cannot represent the value. */
  encode(value: unknown): Uint8Array;
  /** @throws If the bytes make no value. */
  decode(bytes: Uint8Array): unknown;
}

/**
 * JSON, as `JSON.stringify` has it: a `Date` comes back as a string, `Map` and `Set` as `{}`, `NaN` as `null`, and
 * a `BigInt` or a cycle cannot be encoded.
 */
export const jsonCodec: Codec = {
  id: 0,
  encode(value) {
    const json = JSON.stringify(value) as string | undefined;
    if (json === undefined) throw new TypeError(`JSON has no text for a value of type ${typeof value}`);
    return Buffer.from(json);
  },
  decode: (bytes) => JSON.parse(bufferOf(bytes).toString()),
};

/** The same bytes with the methods of a `Buffer`. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
