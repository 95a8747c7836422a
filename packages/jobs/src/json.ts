import { InvalidOptionError } from '@holdfast/core';

/**
 * A value as JSON; `undefined` stays.
 *
 * @param tooLarge - Makes the error for more than `maxBytes`.
 * @throws {InvalidOptionError} when the value has no form in JSON.
 */
export function encode(
  option: string,
  value: unknown,
  maxBytes: number,
  tooLarge: (bytes: number, maxBytes: number) => Error,
): string | undefined {
  if (value === undefined) return undefined;
  const json = stringify(value);
  if (json === undefined) throw new InvalidOptionError(option, 'a value that JSON can hold', value);
  // A character takes at most 3 bytes in UTF-8, so most texts need no second look.
  if (json.length * 3 <= maxBytes) return json;
  const bytes = Buffer.byteLength(json);
  if (bytes > maxBytes) throw tooLarge(bytes, maxBytes);
  return json;
}

export function decode(json: string | undefined): unknown {
  return json === undefined ? undefined : JSON.parse(json);
}

/** `undefined` for what JSON leaves out (functions) and for what it chokes on (cycles, bigints). */
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
