import { randomBytes } from 'node:crypto';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

import type { CompressionOptions } from '../../src/values/compression.ts';
import { resolveValueFormat, type ValueOptions } from '../../src/values/options.ts';
import { binding } from './binding.ts';

const compressionAt = 2;
const valueBytesAt = 8;
const bodyAt = 12;
const algorithms = [
  { algorithm: 'gzip', id: 1, compress: gzipSync },
  { algorithm: 'brotli', id: 2, compress: brotliCompressSync },
  { algorithm: 'zstd', id: 3, compress: zstdCompressSync },
] as const;

/** A text that makes so many bytes of JSON. */
const repetitive = (bytes: number): string => ''.padEnd(bytes - 2, 'abcdefgh');
const encode = async (value: unknown, options: ValueOptions): Promise<Buffer> =>
  Buffer.from(await resolveValueFormat(options).encode(value, binding('k')));
const compressedBy = (compression: CompressionOptions, value: unknown): Promise<Buffer> =>
  encode(value, { compression });

describe.each(algorithms)('compression by $algorithm', ({ algorithm, id, compress }) => {
  it('makes a large value smaller and gives it back', async () => {
    const bytes = await compressedBy({ algorithm }, repetitive(2_048));

    expect(bytes[compressionAt]).toBe(id);
    expect(bytes.length).toBeLessThan(200);
    expect(resolveValueFormat({}).decode(bytes, binding('k'))).toBe(repetitive(2_048));
  });

  it('works off the calling thread for values of at least offThreadBytes', async () => {
    const format = resolveValueFormat({ compression: { algorithm, offThreadBytes: 2_048 } });

    const small = format.encode(repetitive(2_047), binding('k'));
    const large = format.encode(repetitive(2_048), binding('k'));

    expect(small).toBeInstanceOf(Uint8Array);
    expect(format.decode(small as Uint8Array, binding('k'))).toBe(repetitive(2_047));
    expect(large).toBeInstanceOf(Promise);
    const decoded = format.decode(await large, binding('k'));
    expect(decoded).toBeInstanceOf(Promise);
    expect(await decoded).toBe(repetitive(2_048));
  });

  it('refuses a bomb before it has made more than it says, and one that says more than is allowed', async () => {
    const bytes = await compressedBy({ algorithm }, repetitive(2_048));
    const bomb = Buffer.concat([bytes.subarray(0, bodyAt), compress(Buffer.alloc(1_000_000))]);
    const format = resolveValueFormat({ maxValueBytes: 2_048 });

    expect(() => format.decode(bomb, binding('k'))).toThrow('a cached payload cannot be unpacked');
    bomb.writeUInt32BE(1_000_000, valueBytesAt);
    expect(() => format.decode(bomb, binding('k'))).toThrow('makes 1000000 bytes, more than maxValueBytes');
    expect(format.decode(bytes, binding('k'))).toBe(repetitive(2_048));
  });

  it('refuses a bomb off the calling thread as well', async () => {
    const bytes = await compressedBy({ algorithm }, repetitive(80_000));
    const bomb = Buffer.concat([bytes.subarray(0, bodyAt), compress(Buffer.alloc(1_000_000))]);

    await expect(resolveValueFormat({}).decode(bomb, binding('k'))).rejects.toMatchObject({
      reason: 'damaged',
    });
  });

  it('refuses what is damaged, cut off, or makes less than it says', async () => {
    const bytes = await compressedBy({ algorithm }, repetitive(2_048));
    const format = resolveValueFormat({});
    const less = Buffer.concat([bytes.subarray(0, bodyAt), compress(Buffer.from('"a"'))]);

    expect(() => format.decode(bytes.subarray(0, -5), binding('k'))).toThrow('cached payload');
    expect(() => format.decode(Buffer.from(bytes).fill(0xaa, bodyAt), binding('k'))).toThrow(
      'cannot be unpacked',
    );
    expect(() => format.decode(less, binding('k'))).toThrow('holds 3 bytes instead of 2048');
  });

  it('takes the highest and the lowest level', async () => {
    const levels = { gzip: [1, 9], brotli: [0, 11], zstd: [1, 22] }[algorithm];
    for (const level of levels) {
      const bytes = await compressedBy({ algorithm, level }, repetitive(2_048));
      expect(resolveValueFormat({}).decode(bytes, binding('k'))).toBe(repetitive(2_048));
    }
  });
});

describe('compression', () => {
  it('is off unless it is asked for', async () => {
    for (const options of [{}, { compression: false } as const]) {
      const bytes = await encode(repetitive(100_000), options);
      expect(bytes[compressionAt]).toBe(0);
    }
  });

  it('leaves values under thresholdBytes as they are: 1,024 unless given', async () => {
    const at = async (bytes: number, thresholdBytes?: number): Promise<number | undefined> =>
      (await compressedBy({ algorithm: 'gzip', thresholdBytes }, repetitive(bytes)))[compressionAt];

    expect(await at(1_023)).toBe(0);
    expect(await at(1_024)).toBe(1);
    expect(await at(199, 200)).toBe(0);
    expect(await at(200, 200)).toBe(1);
  });

  it('is kept only if it saves a tenth', async () => {
    const random = { body: randomBytes(4_000) };
    const mixed = (repeated: number): unknown => ({
      body: Buffer.concat([randomBytes(4_000), Buffer.alloc(repeated)]),
    });

    const [nothingSaved, tooLittle, enough] = await Promise.all(
      [random, mixed(300), mixed(800)].map((value) => compressedBy({ algorithm: 'gzip' }, value)),
    );

    expect(nothingSaved?.[compressionAt]).toBe(0);
    expect(tooLittle?.[compressionAt]).toBe(0);
    expect(enough?.[compressionAt]).toBe(1);
    expect(resolveValueFormat({}).decode(nothingSaved as Buffer, binding('k'))).toEqual(random);
  });

  it('is read whatever a process writes itself', async () => {
    const readers: ValueOptions[] = [
      {},
      ...algorithms.map(({ algorithm }) => ({ compression: { algorithm } })),
    ];
    for (const { algorithm } of algorithms) {
      const bytes = await compressedBy({ algorithm }, repetitive(2_048));
      for (const reader of readers)
        expect(resolveValueFormat(reader).decode(bytes, binding('k'))).toBe(repetitive(2_048));
    }
  });

  it('refuses an algorithm of a later version', async () => {
    const bytes = await compressedBy({ algorithm: 'gzip' }, repetitive(2_048));
    bytes[compressionAt] = 9;

    expect(() => resolveValueFormat({}).decode(bytes, binding('k'))).toThrow('has the unknown compression 9');
  });

  it('does not write what it would refuse to read', () => {
    const format = resolveValueFormat({ compression: { algorithm: 'gzip' }, maxValueBytes: 100 });

    expect(() => format.encode(repetitive(101), binding('k'))).toThrow(
      'the value takes 101 bytes, more than the 100 of maxValueBytes',
    );
    expect(format.encode(repetitive(100), binding('k'))).toBeInstanceOf(Uint8Array);
  });
});
