import { atLeast, duration, InvalidOptionError, text } from '@holdfast/core';

/** Checks a life in milliseconds: at least 0, `Infinity` for no end. */
export function lifetime(option: string, value: number): number {
  return value === Infinity ? Infinity : duration(option, value);
}

/** Checks how long an entry lives on without being asked for, in milliseconds: at least 1, `Infinity` for no such end. */
export function idleTime(option: string, value: number): number {
  return value === Infinity ? Infinity : duration(option, value, 1);
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

/** Most tags of one entry, and the longest of them in bytes of UTF-8. */
const maxTags = 128;
const maxTagBytes = 1_024;

/** Checks the tags of an entry; `undefined` for none. Each is kept once. */
export function tagsOf(tags: readonly string[] | undefined): readonly string[] | undefined {
  if (tags === undefined) return undefined;
  if (!Array.isArray(tags)) throw new InvalidOptionError('tags', 'a list of texts', tags);
  const unique = [...new Set(tags.map((tag: string) => wellFormedTag(tag)))];
  if (unique.length <= maxTags) return unique.length === 0 ? undefined : unique;
  throw new InvalidOptionError('tags', `at most ${maxTags}`, unique.length);
}

/** Checks one tag. */
export function wellFormedTag(tag: string): string {
  if (text('tag', tag).isWellFormed() && Buffer.byteLength(tag) <= maxTagBytes) return tag;
  throw new InvalidOptionError('tag', `well-formed Unicode of at most ${maxTagBytes} bytes`, tag);
}

/** Checks the version of what is written. */
export function version(value: number): number {
  return atLeast('version', value, 0);
}
