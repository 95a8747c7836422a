export type Key = string | number;

/**
 * Where something is in a value, as one would write it in code.
 *
 * @param around - The objects around it, from the outside in.
 * @param keys - What each of these holds the next one under.
 */
export function pathOf(around: readonly object[], keys: readonly Key[]): string {
  return `value${around.map((object, depth) => step(object, keys[depth] as Key)).join('')}`;
}

function step(object: object, key: Key): string {
  if (object instanceof Map) return `.entries()[${Math.floor(Number(key) / 2)}][${Number(key) % 2}]`;
  if (object instanceof Set) return `.values()[${key}]`;
  if (Array.isArray(object)) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(String(key)) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
