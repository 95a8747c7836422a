import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { typedCodec } from '../../src/values/typed-codec.ts';
import { plainValue, typedValue } from './arbitrary-value.ts';
import { portrait } from './model/portrait.ts';

describe('typedCodec', () => {
  it('gives back every value that it takes, types included', () => {
    fc.assert(
      fc.property(typedValue, (value) => {
        expect(portrait(typedCodec.decode(typedCodec.encode(value)))).toBe(portrait(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it('writes plain JSON wherever that is enough', () => {
    fc.assert(
      fc.property(plainValue, (value) => {
        expect(Buffer.from(typedCodec.encode(value)).toString()).toBe(JSON.stringify(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves the value alone that it writes', () => {
    fc.assert(
      fc.property(typedValue, (value) => {
        const before = portrait(value);

        typedCodec.encode(value);

        expect(portrait(value)).toBe(before);
      }),
    );
  });

  it('gives a value or an error for whatever was made of its bytes, and reaches no prototype', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(typedValue, damage, (value, changes) => {
        const bytes = Buffer.from(typedCodec.encode(value));
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;

        const decoded = attempt(() => typedCodec.decode(bytes));

        expect('value' in decoded || decoded.error instanceof Error).toBe(true);
        expect(Reflect.ownKeys(Object.prototype)).toEqual(objectPrototypeKeys);
        expect(Reflect.ownKeys(Array.prototype)).toEqual(arrayPrototypeKeys);
      }),
      { numRuns: 2_000 },
    );
  });
});

const objectPrototypeKeys = Reflect.ownKeys(Object.prototype);
const arrayPrototypeKeys = Reflect.ownKeys(Array.prototype);

function attempt(run: () => unknown): { readonly value: unknown } | { readonly error: unknown } {
  try {
    return { value: run() };
  } catch (error) {
    return { error };
  }
}
