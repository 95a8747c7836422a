import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { storedKey } from '../../src/postgres/stored-key.ts';

const short = fc.string({ unit: 'binary', maxLength: 20 });
const long = fc
  .tuple(short, fc.integer({ min: 970, max: 1_010 }), short)
  .map(([start, length, end]) => `${start}${'x'.repeat(length)}${end}`);

describe('storedKey', () => {
  it('fits into an index, and differs for different keys', () => {
    fc.assert(
      fc.property(fc.oneof(short, long), fc.oneof(short, long), (one, other) => {
        const [stored, otherStored] = [storedKey(one), storedKey(other)];

        expect(stored.length).toBeLessThanOrEqual(1_000);
        expect(stored.equals(otherStored)).toBe(one === other);
      }),
    );
  });

  it('is the key itself where that is short enough', () => {
    expect(storedKey('ключ\0').toString()).toBe('ключ\0');
    expect(storedKey('x'.repeat(1_000))).toHaveLength(1_000);
    expect(storedKey('x'.repeat(1_001))).toHaveLength(33);
  });
});
