/** What a composite key is made of. */
export type KeyPart = string | number | bigint | boolean | null | undefined;

/**
 * One key for several parts, different for every different list of parts. Types are kept apart (`1`, `'1'`, `1n`),
 * and so are `0` and `-0`, `null` and `undefined`; `NaN` equals itself. Each string carries its length, so no
 * content of a part can look like the border of another one: `('a', 'b:c')` is not `('a:b', 'c')`.
 *
 * @throws {TypeError} for a part of another type, which has no text that stands for it alone.
 */
export function keyOf(...parts: readonly KeyPart[]): string {
  let key = '';
  for (const part of parts) key += encode(part);
  return key;
}

/** A prefix code: it tells from its start where it ends, so joined codes stay different. */
function encode(part: unknown): string {
  if (typeof part === 'string') return `s${part.length}:${part}`;
  if (typeof part === 'number') return `n${Object.is(part, -0) ? '-0' : part};`;
  if (typeof part === 'bigint') return `i${part};`;
  if (part === true) return 't';
  if (part === false) return 'f';
  if (part === null) return 'z';
  if (part === undefined) return 'u';
  throw new TypeError(`a part of a key must be a primitive, got ${typeof part}`);
}
