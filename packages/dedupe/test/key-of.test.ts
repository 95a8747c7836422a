import { keyOf, type KeyPart } from '@holdfast/dedupe';
import { describe, expect, it } from 'vitest';

describe('keyOf', () => {
  it.each<[readonly KeyPart[], readonly KeyPart[]]>([
    [
      ['a', 'b:c'],
      ['a:b', 'c'],
    ],
    [['ab'], ['a', 'b']],
    [['a', ''], ['a']],
    [[''], []],
    [[0], [-0]],
    [[1], ['1']],
    [[1], [1n]],
    [[1, 2], [12]],
    [[undefined], ['undefined']],
    [[null], ['null']],
    [[null], [undefined]],
    [[true], ['true']],
    [[NaN], ['NaN']],
    [['s1:a'], ['a']],
  ])('tells %o from %o', (left, right) => {
    expect(keyOf(...left)).not.toBe(keyOf(...right));
  });

  it('gives equal parts equal keys, NaN included', () => {
    expect(keyOf('user', 42, NaN, null)).toBe(keyOf('user', 42, NaN, null));
  });

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
