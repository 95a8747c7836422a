import { duration, InvalidOptionError, text } from '@holdfast/core';

/** Checks a life in milliseconds: at least 0, `Infinity` for no end. */
export function lifetime(option: string, value: number): number {
  return value === Infinity ? Infinity : duration(option, value);
}

/** Checks a part of a stored name. Such parts can be joined by any other character and never run into each other. */
export function identifier(option: string, value: string): string {
  if (typeof value === 'string' && /^[\w.-]+$/.test(value)) return value;
  throw new InvalidOptionError(option, "made of letters, digits, '.', '_' and '-'", value);
}

/**
 * Checks a key: a text with a form of its own in UTF-8, in which other tiers store it. Lone surrogates have none: all of
 * them become one replacement character, and what is stored under one such key would be found under another.
 */
export function wellFormedKey(value: string): string {
  if (text('key', value).isWellFormed()) return value;
  throw new InvalidOptionError('key', 'well-formed Unicode', value);
}

/** Refuses `undefined`, which means that nothing is held. */
export function present<V>(value: V): V {
  if (value === undefined) throw new InvalidOptionError('value', 'other than undefined', value);
  return value;
}
