import { keyOf } from '@holdfast/dedupe';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

// Digits, marks and borders of the encoding itself are the strings most likely to collide.
const awkward = fc.string({
  unit: fc.constantFrom('s', 'n', '0', '1', ':', ';', '-', 'u', 'z', 't', '\u{1F600}'),
});
const part = fc.oneof(
  awkward,
  fc.string(),
  fc.integer({ min: -3, max: 30 }),
  fc.double(),
  fc.bigInt({ min: -3n, max: 30n }),
  fc.boolean(),
  fc.constantFrom(null, undefined, 0, -0, NaN, Infinity),
);
const parts = fc.array(part, { maxLength: 5 });

const same = (left: readonly unknown[], right: readonly unknown[]): boolean =>
  left.length === right.length && left.every((each, i) => Object.is(each, right[i]));

describe('keyOf', () => {
  it('is the same for the same parts and for no others', () => {
    fc.assert(
      fc.property(parts, parts, (left, right) => {
        expect(keyOf(...left) === keyOf(...right)).toBe(same(left, right));
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps apart the ways to cut one text into parts', () => {
    fc.assert(
      fc.property(awkward, fc.nat(), fc.nat(), (whole, one, other) => {
        const cut = (at: number): string[] => [
          whole.slice(0, at % (whole.length + 1)),
          whole.slice(at % (whole.length + 1)),
        ];

        expect(keyOf(...cut(one)) === keyOf(...cut(other))).toBe(same(cut(one), cut(other)));
      }),
      { numRuns: 2_000 },
    );
  });
});
