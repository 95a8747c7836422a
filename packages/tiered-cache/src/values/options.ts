import { InvalidOptionError, wholeNumber } from '@holdfast/core';

import { type Codec, resolveCodec } from './codec.ts';
import { Compression, type CompressionOptions, resolveCompression } from './compression.ts';
import { Encryption } from './encryption.ts';
import { Integrity } from './integrity.ts';
import { type KeyOptions, resolveKeys } from './keys.ts';
import { maxHeaderNumber } from './payload.ts';
import { PayloadFormat } from './payload-format.ts';
import { type Protection, unprotected } from './protection.ts';
import { anything, Schema, type SchemaOptions } from './schema.ts';
import { typedCodec } from './typed-codec.ts';
import type { ValueFormat } from './value-format.ts';
import { Xaes } from './xaes.ts';

/** How values are written to the tiers outside this process. */
export interface ValueOptions {
  /**
   * Entries of other codecs count as absent: they may hold the same value with other types. Defaults to `typedCodec`, JSON
   * that keeps types.
   */
  readonly codec?: Codec | undefined;
  /** Defaults to none: whatever is read is given out. */
  readonly schema?: SchemaOptions | undefined;
  /**
   * Kept where it saves at least a tenth. Entries are read whatever they are compressed with, so it can be changed at any
   * time. Defaults to `false`.
   */
  readonly compression?: CompressionOptions | false | undefined;
  /**
   * Encrypts what is written and refuses what is not encrypted or was not written under this key of this cache. When it is
   * turned on, every entry that was written before counts as absent, and so do, for processes that have it not yet, those
   * written from then on: it starts like an empty cache, best in a namespace of its own. Runs on the calling thread.
   * Defaults to no encryption.
   */
  readonly encryption?: KeyOptions | undefined;
  /** Signs what is written and otherwise does as `encryption` does, which signs as well: not both. Defaults to none. */
  readonly integrity?: KeyOptions | undefined;
  /**
   * Largest value, as the codec writes it and before compression, from 1 to 4,294,967,295. A larger one is not written, and
   * what would become one is not unpacked. Defaults to 64 MiB.
   */
  readonly maxValueBytes?: number | undefined;
}

const defaultMaxValueBytes = 64 * 1_024 * 1_024;

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveValueFormat(options: ValueOptions): ValueFormat {
  const maxValueBytes = options.maxValueBytes ?? defaultMaxValueBytes;
  return new PayloadFormat({
    codec: resolveCodec(options.codec ?? typedCodec),
    schema: new Schema(options.schema ?? anything),
    compression: new Compression(resolveCompression(options.compression ?? false)),
    protection: resolveProtection(options),
    maxValueBytes: wholeNumber('maxValueBytes', maxValueBytes, 1, maxHeaderNumber),
  });
}

function resolveProtection({ encryption, integrity }: ValueOptions): Protection {
  if (encryption !== undefined && integrity !== undefined)
    throw new InvalidOptionError(
      'integrity',
      'left out where encryption is given, which includes it',
      integrity,
    );
  if (encryption !== undefined)
    return new Encryption(resolveKeys('encryption', encryption, (secret) => new Xaes(secret)));
  if (integrity !== undefined) return new Integrity(resolveKeys('integrity', integrity, (secret) => secret));
  return unprotected;
}
