import { keyOf } from '@holdfast/dedupe';
import { describe, expect, it } from 'vitest';

// What it tells apart is row DD-16 in specification/dd-operations.test.ts.
describe('keyOf', () => {
  it.each([
    ['an object', {}],
    ['a symbol', Symbol('x')],
    ['a function', () => 1],
  ])('refuses %s, which has no text of its own', (_, part) => {
    expect(() => keyOf(part as unknown as string)).toThrow(
      `a part of a key must be a primitive, got ${typeof part}`,
    );
  });
});
