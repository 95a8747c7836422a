import { duration, InvalidOptionError } from '@holdfast/core';

/** Checks a life in milliseconds: at least 0, `Infinity` for no end. */
export function lifetime(option: string, value: number): number {
  return value === Infinity ? Infinity : duration(option, value);
}

/** Checks a part of a stored name. Such parts can be joined by any other character and never run into each other. */
export function identifier(option: string, value: string): string {
  if (typeof value === 'string' && /^[\w.-]+$/.test(value)) return value;
  throw new InvalidOptionError(option, "made of letters, digits, '.', '_' and '-'", value);
}

/** Refuses `undefined`, which means that nothing is held. */
export function present<V>(value: V): V {
  if (value === undefined) throw new InvalidOptionError('value', 'other than undefined', value);
  return value;
}

/** Checks a function. */
export function callable<F>(option: string, value: F): F {
  if (typeof value === 'function') return value;
  throw new InvalidOptionError(option, 'a function', value);
}
