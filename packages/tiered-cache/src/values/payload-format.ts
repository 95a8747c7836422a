import { types } from 'node:util';

import { bufferOf } from './bytes.ts';
import type { Codec } from './codec.ts';
import type { Compression, Packed } from './compression.ts';
import { RefusedPayloadError, ValueTooLargeError } from './errors.ts';
import { type PayloadHeader, readHeader } from './payload.ts';
import type { Protection } from './protection.ts';
import type { Schema } from './schema.ts';
import type { Binding, ValueFormat } from './value-format.ts';

export interface PayloadTerms {
  readonly codec: Codec;
  readonly schema: Schema;
  readonly compression: Compression;
  readonly protection: Protection;
  readonly maxValueBytes: number;
}

/**
 * Values as payloads: encoded, compressed if that saves enough, protected; and back, in which what a payload says of
 * itself is believed only once its protection has been found to fit.
 *
 * Invariants:
 * - `decode` gives what `encode` was given, as the codec has it and the schema accepts it, or throws: whatever the bytes
 *   are if they are protected, and otherwise as long as they are whole;
 * - no payload makes more than `maxValueBytes` be unpacked.
 */
export class PayloadFormat implements ValueFormat {
  readonly #terms: PayloadTerms;

  constructor(terms: PayloadTerms) {
    this.#terms = terms;
  }

  encode(value: unknown, binding: Binding): Uint8Array | Promise<Uint8Array> {
    const bytes = this.#encoded(value);
    const packed = this.#terms.compression.pack(bytes);
    return packed instanceof Promise
      ? packed.then((result) => this.#sealed(bytes, result, binding))
      : this.#sealed(bytes, packed, binding);
  }

  decode(bytes: Uint8Array, binding: Binding): unknown {
    const payload = bufferOf(bytes);
    const header = readHeader(payload);
    const { compression, valueBytes } = header;
    const packed = { compression, body: this.#opened(payload, header, binding) };
    const unpacked = this.#terms.compression.unpack(packed, valueBytes);
    return unpacked instanceof Promise
      ? unpacked.then((result) => this.#value(result, header))
      : this.#value(unpacked, header);
  }

  #encoded(value: unknown): Uint8Array {
    const { codec, maxValueBytes } = this.#terms;
    const bytes = codec.encode(value);
    if (!types.isUint8Array(bytes))
      throw new TypeError(`the codec ${codec.id} made no Uint8Array of the value`);
    if (bytes.byteLength > maxValueBytes) throw new ValueTooLargeError(bytes.byteLength, maxValueBytes);
    return bytes;
  }

  #sealed({ byteLength }: Uint8Array, { compression, body }: Packed, binding: Binding): Uint8Array {
    const { codec, schema, protection } = this.#terms;
    const header = {
      codecId: codec.id,
      compression,
      protection: protection.id,
      schemaVersion: schema.version,
      valueBytes: byteLength,
    };
    return protection.seal(header, body, binding);
  }

  /** The body of a payload that may be made into a value. */
  #opened(payload: Buffer, header: PayloadHeader, binding: Binding): Buffer {
    const { protection, schema, maxValueBytes } = this.#terms;
    if (header.protection !== protection.id)
      throw new RefusedPayloadError('protection', 'is not protected in the way that is demanded here');
    const body = protection.open(payload, binding);
    schema.expect(header.schemaVersion);
    if (header.valueBytes <= maxValueBytes) return body;
    throw new RefusedPayloadError('too-large', `makes ${header.valueBytes} bytes, more than maxValueBytes`);
  }

  #value(bytes: Uint8Array, { codecId, schemaVersion, valueBytes }: PayloadHeader): unknown {
    if (bytes.byteLength !== valueBytes)
      throw new RefusedPayloadError('damaged', `holds ${bytes.byteLength} bytes instead of ${valueBytes}`);
    const { codec, schema } = this.#terms;
    if (codecId !== codec.id)
      throw new RefusedPayloadError('unknown', `was written by the codec ${codecId}, not ${codec.id}`);
    return schema.accept(decoded(codec, bytes), schemaVersion);
  }
}

function decoded(codec: Codec, bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = codec.decode(bytes);
  } catch (error) {
    throw new RefusedPayloadError('damaged', `cannot be decoded by the codec ${codec.id}`, error);
  }
  if (value !== undefined) return value;
  throw new RefusedPayloadError('damaged', `became undefined by the codec ${codec.id}`);
}
