import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { clone } from '../../src/values/clone.ts';
import { freeze } from '../../src/values/freeze.ts';
import { typedValue } from './arbitrary-value.ts';
import { portrait } from './model/portrait.ts';

describe('a cloned value', () => {
  it('is the same as the original, and shares no object with it', () => {
    fc.assert(
      fc.property(typedValue, (value) => {
        const copy = clone(value);

        expect(portrait(copy)).toBe(portrait(value));
        const originals = objectsIn(value);
        expect([...objectsIn(copy)].filter((object) => originals.has(object))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a frozen value', () => {
  it('is the same as before', () => {
    fc.assert(
      fc.property(typedValue, (value) => {
        const before = portrait(value);

        expect(freeze(value)).toBe(value);

        expect(portrait(value)).toBe(before);
      }),
    );
  });
});

/** Every object in the value, memory of binary data included. */
function objectsIn(value: unknown, found = new Set<object>()): ReadonlySet<object> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found;
  found.add(value);
  if (ArrayBuffer.isView(value)) return found.add(value.buffer);
  if (value instanceof Map)
    for (const entry of value) entry.forEach((part: unknown) => objectsIn(part, found));
  if (value instanceof Set) for (const item of value) objectsIn(item, found);
  for (const { value: part } of Object.values(Object.getOwnPropertyDescriptors(value)))
    objectsIn(part, found);
  return found;
}
