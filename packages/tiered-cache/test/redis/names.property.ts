import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Names } from '../../src/redis/names.ts';

/** What the slot of a key is computed from, as the specification of Redis Cluster says it. */
function hashed(name: string): string {
  const open = name.indexOf('{');
  const close = name.indexOf('}', open + 1);
  return open === -1 || close === -1 || close === open + 1 ? name : name.slice(open + 1, close);
}

const key = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('{', '}', '-', 'a') }));

describe('Names', () => {
  it('puts value and lease of any key into one slot, and log, meta and tags into one', () => {
    fc.assert(
      fc.property(key, (any) => {
        const names = new Names('app/shop');

        expect(hashed(names.value(any))).toBe(hashed(names.lease(any)));
        expect(new Set(names.books.map(hashed)).size).toBe(1);
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives no two keys one name', () => {
    fc.assert(
      fc.property(key, key, (one, other) => {
        fc.pre(one !== other);
        const names = new Names('app/shop');
        const all = [
          ...names.books,
          names.value(one),
          names.lease(one),
          names.value(other),
          names.lease(other),
        ];

        expect(new Set(all).size).toBe(all.length);
      }),
      {
        numRuns: 2_000,
        examples: [
          ['}a}', ':}a'],
          ['}', '-}}-'],
          ['', '-'],
        ],
      },
    );
  });

  it('spreads keys over the slots by what they are called', () => {
    const names = new Names('app/shop');

    expect(hashed(names.value('user:1'))).toBe('user:1');
    expect(hashed(names.value('{user:1}:cart'))).toBe('{user:1');
  });
});
