import { InvalidOptionError, oneOf, wholeNumber } from '@holdfast/core';

import {
  type CompressionAlgorithm,
  type Compressor,
  compressorOf,
  compressors,
  uncompressed,
} from './compressors.ts';
import { RefusedPayloadError } from './errors.ts';

export interface CompressionOptions {
  /** What new entries are compressed with. Entries of every algorithm are read. */
  readonly algorithm: CompressionAlgorithm;
  /** `'gzip'`: 1 to 9, by default 1. `'brotli'`: 0 to 11, by default 4. `'zstd'`: 1 to 22, by default 1. */
  readonly level?: number | undefined;
  /** Smaller values, in bytes as the codec writes them, are left as they are. Defaults to 1,024. */
  readonly thresholdBytes?: number | undefined;
  /** From this size on, before compression, the work is done on the thread pool of Node.js. Defaults to 65,536. */
  readonly offThreadBytes?: number | undefined;
}

export interface CompressionTerms {
  /** Compresses what is written, `undefined` if nothing does. */
  readonly compressor: Compressor | undefined;
  readonly settings: object;
  readonly thresholdBytes: number;
  /** Applies to reading as well, whatever is written. */
  readonly offThreadBytes: number;
}

/** Bytes as they are written, and the id of the compression that made them so. */
export interface Packed {
  readonly compression: number;
  readonly body: Uint8Array;
}

/** What compression has to save to be kept: less is not worth the decompression at each read. */
const minSavedRatio = 0.1;

const defaultOffThreadBytes = 65_536;

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveCompression(options: CompressionOptions | false): CompressionTerms {
  const given: unknown = options;
  if (given === false)
    return { compressor: undefined, settings: {}, thresholdBytes: 0, offThreadBytes: defaultOffThreadBytes };
  if (typeof given !== 'object' || given === null)
    throw new InvalidOptionError('compression', 'false or an object with an algorithm', given);
  const { algorithm, level, thresholdBytes, offThreadBytes }: Partial<CompressionOptions> = given;
  const names = Object.keys(compressors) as CompressionAlgorithm[];
  const compressor = compressors[oneOf('compression.algorithm', algorithm, names)];
  const { minLevel, maxLevel, defaultLevel } = compressor;
  return {
    compressor,
    settings: compressor.settings(
      wholeNumber('compression.level', level ?? defaultLevel, minLevel, maxLevel),
    ),
    thresholdBytes: wholeNumber('compression.thresholdBytes', thresholdBytes ?? 1_024, 0),
    offThreadBytes: wholeNumber('compression.offThreadBytes', offThreadBytes ?? defaultOffThreadBytes, 0),
  };
}

/**
 * Makes bytes smaller where that pays, and back. Small ones at once, large ones off the calling thread.
 *
 * Invariant: what is compressed is smaller by at least a tenth.
 */
export class Compression {
  readonly #terms: CompressionTerms;

  constructor(terms: CompressionTerms) {
    this.#terms = terms;
  }

  pack(bytes: Uint8Array): Packed | Promise<Packed> {
    const { compressor, settings, thresholdBytes, offThreadBytes } = this.#terms;
    if (compressor === undefined || bytes.byteLength < thresholdBytes) return asItIs(bytes);
    if (bytes.byteLength < offThreadBytes)
      return smaller(bytes, compressor, compressor.compressSync(bytes, settings));
    return compressor.compress(bytes, settings).then((compressed) => smaller(bytes, compressor, compressed));
  }

  /**
   * @param valueBytes - What is to come of it. No more than that is made.
   * @throws {RefusedPayloadError} If it is damaged.
   */
  unpack({ compression, body }: Packed, valueBytes: number): Uint8Array | Promise<Uint8Array> {
    if (compression === uncompressed) return body;
    const compressor = compressorOf(compression);
    if (compressor === undefined)
      throw new RefusedPayloadError('unknown', `has the unknown compression ${compression}`);
    const limits = { maxOutputLength: Math.max(1, valueBytes) };
    if (valueBytes >= this.#terms.offThreadBytes) return compressor.decompress(body, limits).catch(refuse);
    try {
      return compressor.decompressSync(body, limits);
    } catch (error) {
      return refuse(error);
    }
  }
}

function smaller(bytes: Uint8Array, { id }: Compressor, compressed: Uint8Array): Packed {
  const isWorthwhile = compressed.byteLength <= bytes.byteLength * (1 - minSavedRatio);
  return isWorthwhile ? { compression: id, body: compressed } : asItIs(bytes);
}

function asItIs(bytes: Uint8Array): Packed {
  return { compression: uncompressed, body: bytes };
}

function refuse(error: unknown): never {
  throw new RefusedPayloadError('damaged', 'cannot be unpacked', error);
}
