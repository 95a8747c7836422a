import {
  atLeast,
  callable,
  duration,
  InvalidOptionError,
  methods,
  object,
  oneOf,
  ratio,
  text,
  wholeNumber,
} from '@holdfast/core';
import { describe, expect, it } from 'vitest';

describe('option checks', () => {
  it.each([
    [() => wholeNumber('limit', 1.5, 1), 'limit must be a whole number of at least 1, got 1.5'],
    [() => wholeNumber('limit', 0, 1), 'limit must be a whole number of at least 1, got 0'],
    [() => wholeNumber('limit', 9, 1, 8), 'limit must be a whole number from 1 to 8, got 9'],
    [() => wholeNumber('limit', '3', 1), "limit must be a whole number of at least 1, got '3'"],
    [() => wholeNumber('limit', 3n, 1), 'limit must be a whole number of at least 1, got 3n'],
    [() => atLeast('factor', Number.NaN, 1), 'factor must be a finite number of at least 1, got NaN'],
    [() => duration('ttlMs', -1), 'ttlMs must be a finite number of milliseconds of at least 0, got -1'],
    [
      () => duration('ttlMs', Infinity, 1),
      'ttlMs must be a finite number of milliseconds of at least 1, got Infinity',
    ],
    [() => ratio('failureRatio', 1.1), 'failureRatio must be a number from 0 to 1, got 1.1'],
    [() => ratio('failureRatio', 0, 'over'), 'failureRatio must be a number over 0, up to 1, got 0'],
    [() => text('name', ''), "name must be a string that is not empty, got ''"],
    [() => text('name', undefined), 'name must be a string that is not empty, got undefined'],
    [() => oneOf('mode', 'fast', ['on', 'off']), "mode must be one of 'on', 'off', got 'fast'"],
    [
      () => methods('store', {} as { get(): void }, 'get'),
      'store must be an object with get(), got an object',
    ],
    [
      () => methods('store', [] as unknown as Map<0, 0>, 'set'),
      'store must be an object with set(), got an array of 0',
    ],
    [
      () => methods('clock', null as unknown as { now(): void }, 'now'),
      'clock must be an object with now(), got null',
    ],
    [() => object('options', null), 'options must be an object, got null'],
    [() => object('options', 7), 'options must be an object, got 7'],
    [() => callable('random', 'dice'), "random must be a function, got 'dice'"],
    [() => text('name', () => 0), 'name must be a string that is not empty, got a function'],
  ])('names the option, the rule and the value: %#', (check, message) => {
    expect(check).toThrow(InvalidOptionError);
    expect(check).toThrow(message);
  });

  it('hands a good value back', () => {
    const store = new Map();

    expect(wholeNumber('limit', 8, 1, 8)).toBe(8);
    expect(atLeast('factor', 1.5, 1)).toBe(1.5);
    expect(duration('ttlMs', 0)).toBe(0);
    expect([ratio('r', 0), ratio('r', 1, 'over')]).toEqual([0, 1]);
    expect(text('name', 'x')).toBe('x');
    expect(oneOf('mode', 'on', ['on', 'off'])).toBe('on');
    expect(methods('store', store, 'get', 'set')).toBe(store);
    expect(callable('random', Math.random)).toBe(Math.random);
  });

  it('carries code and option, for programs', () => {
    expect(new InvalidOptionError('limit', 'a number', true)).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      option: 'limit',
    });
  });
});
