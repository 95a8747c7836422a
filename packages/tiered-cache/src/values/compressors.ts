import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

export type CompressionAlgorithm = 'gzip' | 'brotli' | 'zstd';

/** One algorithm of `node:zlib`. What ends in `Sync` works on the calling thread, the others on the thread pool. */
export interface Compressor {
  /** As it is written: never given a second meaning. */
  readonly id: number;
  readonly minLevel: number;
  readonly maxLevel: number;
  readonly defaultLevel: number;
  /** What `compress` and `compressSync` take for a level. */
  settings(level: number): object;
  compressSync(bytes: Uint8Array, settings: object): Buffer;
  compress(bytes: Uint8Array, settings: object): Promise<Buffer>;
  /** @throws If the bytes are damaged or make more than `limits` allow. */
  decompressSync(bytes: Uint8Array, limits: DecompressionLimits): Buffer;
  decompress(bytes: Uint8Array, limits: DecompressionLimits): Promise<Buffer>;
}

export interface DecompressionLimits {
  readonly maxOutputLength: number;
}

/** Stands for no compression where the others have their ids. */
export const uncompressed = 0;

/** The default levels are the fast ones: a cache writes about as often as its source is read. */
export const compressors: Readonly<Record<CompressionAlgorithm, Compressor>> = {
  gzip: {
    id: 1,
    minLevel: 1,
    maxLevel: 9,
    defaultLevel: 1,
    settings: (level) => ({ level }),
    compressSync: zlib.gzipSync,
    compress: promisify<Uint8Array, object, Buffer>(zlib.gzip),
    decompressSync: zlib.gunzipSync,
    decompress: promisify<Uint8Array, object, Buffer>(zlib.gunzip),
  },
  brotli: {
    id: 2,
    minLevel: 0,
    maxLevel: 11,
    defaultLevel: 4,
    settings: (level) => ({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: level } }),
    compressSync: zlib.brotliCompressSync,
    compress: promisify<Uint8Array, object, Buffer>(zlib.brotliCompress),
    decompressSync: zlib.brotliDecompressSync,
    decompress: promisify<Uint8Array, object, Buffer>(zlib.brotliDecompress),
  },
  zstd: {
    id: 3,
    minLevel: 1,
    maxLevel: 22,
    defaultLevel: 1,
    settings: (level) => ({ params: { [zlib.constants.ZSTD_c_compressionLevel]: level } }),
    compressSync: zlib.zstdCompressSync,
    compress: promisify<Uint8Array, object, Buffer>(zlib.zstdCompress),
    decompressSync: zlib.zstdDecompressSync,
    decompress: promisify<Uint8Array, object, Buffer>(zlib.zstdDecompress),
  },
};

export function compressorOf(id: number): Compressor | undefined {
  return Object.values(compressors).find((compressor) => compressor.id === id);
}
