import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { resolveValueFormat, type ValueOptions } from '../../src/values/options.ts';
import { typedValue } from './arbitrary-value.ts';
import { binding } from './binding.ts';
import { portrait } from './model/portrait.ts';

const keys = [{ id: 'a', secret: randomBytes(32) }];
const options: fc.Arbitrary<ValueOptions> = fc.record({
  schema: fc.constantFrom(undefined, { version: 7 }),
  compression: fc.option(
    fc.record({
      algorithm: fc.constantFrom('gzip', 'brotli', 'zstd'),
      thresholdBytes: fc.constantFrom(0, 40),
      offThreadBytes: fc.constantFrom(60, 65_536),
    }),
    { nil: false },
  ),
  encryption: fc.constantFrom(undefined, { keys }),
});

describe('a value format', () => {
  it('gives back every value, whatever it is made of', async () => {
    await fc.assert(
      fc.asyncProperty(options, typedValue, async (given, value) => {
        const format = resolveValueFormat(given);

        const decoded = await format.decode(await format.encode(value, binding('k')), binding('k'));

        expect(portrait(decoded)).toBe(portrait(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives a value or a refusal for unprotected bytes, whatever they are', async () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const unprotected = options.map(({ schema, compression }) => ({
      schema,
      compression,
      maxValueBytes: 100_000,
    }));
    await fc.assert(
      fc.asyncProperty(unprotected, typedValue, damage, async (given, value, changes) => {
        const format = resolveValueFormat(given);
        const payload = Buffer.from(await format.encode(value, binding('k')));
        for (const [at, byte] of changes) payload[at % payload.length] = byte;

        const outcome = await attempt(() => format.decode(payload, binding('k')));

        expect(outcome).toBeOneOf(['a value', 'ERR_CACHE_REFUSED_PAYLOAD']);
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses bytes that nobody of us has written', () => {
    const format = resolveValueFormat({});
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(() => format.decode(bytes, binding('k'))).toThrow('a cached payload');
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Whether there was a value, or the code of the error. */
async function attempt(decode: () => unknown): Promise<unknown> {
  try {
    await decode();
    return 'a value';
  } catch (error) {
    return (error as { code?: string }).code;
  }
}
