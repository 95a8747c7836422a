import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { resolveValueFormat, type ValueOptions } from '../../src/values/options.ts';
import { typedValue } from './arbitrary-value.ts';
import { portrait } from './model/portrait.ts';

const keys = [{ id: 'a', secret: randomBytes(32) }];
const protections = fc.constantFrom<ValueOptions>({ encryption: { keys } }, { integrity: { keys } });
const bound = fc.uint8Array({ maxLength: 30 });

describe('a protected payload', () => {
  it('gives the value, and for whatever was done to it an error instead of another value', () => {
    const change = fc.record({
      at: fc.nat(),
      bit: fc.nat(7),
      cut: fc.option(fc.nat()),
      added: fc.uint8Array({ maxLength: 2 }),
    });
    fc.assert(
      fc.property(
        protections,
        typedValue,
        bound,
        change,
        (options, value, place, { at, bit, cut, added }) => {
          const format = resolveValueFormat(options);
          const payload = Buffer.from(format.encode(value, () => place) as Uint8Array);
          expect(portrait(format.decode(payload, () => place))).toBe(portrait(value));

          const changed = Buffer.concat([
            payload.subarray(0, cut === null ? payload.length : cut % payload.length),
            added,
          ]);
          if (cut === null && added.length === 0)
            changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ (1 << bit);
          fc.pre(!changed.equals(payload));

          expect(() => format.decode(changed, () => place)).toThrow('a cached payload');
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is refused at every other place', () => {
    fc.assert(
      fc.property(protections, typedValue, bound, bound, (options, value, place, otherPlace) => {
        fc.pre(!Buffer.from(place).equals(Buffer.from(otherPlace)));
        const format = resolveValueFormat(options);
        const payload = format.encode(value, () => place) as Uint8Array;

        expect(() => format.decode(payload, () => otherPlace)).toThrow(
          'was changed, or belongs to another key',
        );
      }),
    );
  });

  it('is refused after a change of any single bit of it', () => {
    for (const options of [{ encryption: { keys } }, { integrity: { keys } }]) {
      const format = resolveValueFormat(options);
      const payload = Buffer.from(format.encode({ role: 'user' }, () => Buffer.from('k')) as Uint8Array);
      for (let bit = 0; bit < payload.length * 8; bit += 1) {
        const changed = Buffer.from(payload);
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(() => format.decode(changed, () => Buffer.from('k'))).toThrow('a cached payload');
      }
    }
  });
});
