import { describe, expect, it } from 'vitest';

import { jsonCodec } from '../../src/values/json-codec.ts';
import { resolveValueFormat, type ValueOptions } from '../../src/values/options.ts';

const secret = Buffer.alloc(32, 1);
const codec = (id: number): unknown => ({ id, encode: String, decode: String });
const key = { id: 'a', secret };

describe('resolveValueFormat', () => {
  it.each<[string, unknown]>([
    ['codec must be an object with encode(), decode(), got an object', { codec: {} }],
    ['codec.id must be a whole number from 16 to 255, got 256', { codec: codec(256) }],
    ['codec.id must be a whole number from 16 to 255, got 1', { codec: codec(1) }],
    ['codec.id must be a whole number from 16 to 255, got 16.5', { codec: codec(16.5) }],
    ['maxValueBytes must be a whole number from 1 to 4294967295, got 0', { maxValueBytes: 0 }],
    ['schema must be an object with a version, got 3', { schema: 3 }],
    ['schema.version must be a whole number from 0 to 4294967295, got undefined', { schema: {} }],
    ['schema.version must be a whole number from 0 to 4294967295, got -1', { schema: { version: -1 } }],
    [
      'schema.validate must be a function or a Standard Schema, got an object',
      { schema: { version: 1, validate: {} } },
    ],
    [
      'schema.validate must be a function or a Standard Schema, got null',
      { schema: { version: 1, validate: null } },
    ],
    ["schema.migrate must be a function, got 'no'", { schema: { version: 1, migrate: 'no' } }],
    ['compression must be false or an object with an algorithm, got true', { compression: true }],
    ["compression must be false or an object with an algorithm, got 'gzip'", { compression: 'gzip' }],
    ["compression.algorithm must be one of 'gzip', 'brotli', 'zstd', got undefined", { compression: {} }],
    [
      "compression.algorithm must be one of 'gzip', 'brotli', 'zstd', got 'lz4'",
      { compression: { algorithm: 'lz4' } },
    ],
    [
      'compression.level must be a whole number from 1 to 9, got 10',
      { compression: { algorithm: 'gzip', level: 10 } },
    ],
    [
      'compression.level must be a whole number from 0 to 11, got 12',
      { compression: { algorithm: 'brotli', level: 12 } },
    ],
    [
      'compression.level must be a whole number from 1 to 22, got 0',
      { compression: { algorithm: 'zstd', level: 0 } },
    ],
    [
      'compression.thresholdBytes must be a whole number of at least 0, got -1',
      { compression: { algorithm: 'gzip', thresholdBytes: -1 } },
    ],
    [
      'compression.offThreadBytes must be a whole number of at least 0, got 0.5',
      { compression: { algorithm: 'gzip', offThreadBytes: 0.5 } },
    ],
    ['encryption.keys must be an array of keys, got undefined', { encryption: {} }],
    ['encryption.keys must be an array of keys, got undefined', { encryption: null }],
    ['encryption.keys must be at least one key, got an array of 0', { encryption: { keys: [] } }],
    [
      'encryption.keys[0].id must be a string that is not empty, got undefined',
      { encryption: { keys: [{ secret }] } },
    ],
    [
      'encryption.keys[1].id must be a string that is not empty, got undefined',
      { encryption: { keys: [key, null] } },
    ],
    ["encryption.keys[1].id must be unlike the ids before it, got 'a'", { encryption: { keys: [key, key] } }],
    [
      "encryption.keys[0].secret must be 32 bytes, or these in base64, got '31 bytes'",
      { encryption: { keys: [{ id: 'a', secret: secret.subarray(1) }] } },
    ],
    [
      "encryption.keys[0].secret must be 32 bytes, or these in base64, got 'a text of 28 characters'",
      { encryption: { keys: [{ id: 'a', secret: 'correct horse battery staple' }] } },
    ],
    [
      "integrity.keys[0].secret must be 32 bytes, or these in base64, got 'undefined'",
      { integrity: { keys: [{ id: 'a' }] } },
    ],
    ["integrity.keys must be an array of keys, got 'a'", { integrity: { keys: 'a' } }],
    [
      'integrity must be left out where encryption is given, which includes it, got an object',
      { encryption: { keys: [key] }, integrity: { keys: [key] } },
    ],
  ])('refuses: %s', (message, options) => {
    expect(() => resolveValueFormat(options as ValueOptions)).toThrow(expect.objectContaining({ message }));
  });

  it('never shows a secret that it refuses', () => {
    const options = { encryption: { keys: [{ id: 'a', secret: 'hunter2' }] } };

    expect(() => resolveValueFormat(options)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') as string }),
    );
  });

  it('takes our codecs from another copy of this package', () => {
    const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(jsonCodec)) as typeof jsonCodec;

    expect(() => resolveValueFormat({ codec: copy })).not.toThrow();
  });
});
