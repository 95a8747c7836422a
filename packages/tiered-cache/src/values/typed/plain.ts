/** How deep the check goes. Deeper values, cycles among them, are left to the slower way, which can tell the two apart. */
const maxDepth = 64;

/**
 * Whether JSON gives the value back as it is. Cheap next to writing it: it allocates nothing, and judges numbers and texts
 * where it meets them. May say no where yes would be right, as for objects of another realm.
 */
export function isPlain(value: unknown): boolean {
  return isPlainPart(value, maxDepth);
}

/** Whether JSON has this number: not NaN, not infinite and not -0. */
export function isPlainNumber(value: number): boolean {
  return value - value === 0 && (value !== 0 || 1 / value > 0);
}

function isPlainPart(value: unknown, depth: number): boolean {
  if (typeof value === 'object') return value === null || isPlainObject(value, depth);
  if (typeof value === 'number') return isPlainNumber(value);
  return typeof value === 'string' || typeof value === 'boolean';
}

function isPlainObject(object: object, depth: number): boolean {
  if (depth === 0) return false;
  if (Array.isArray(object)) return isPlainArray(object, depth - 1);
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in object) {
    const part: unknown = (object as Record<string, unknown>)[key];
    if (typeof part === 'number' ? isPlainNumber(part) : typeof part === 'string') continue;
    if (!isPlainPart(part, depth - 1)) return false;
  }
  return true;
}

function isPlainArray(array: readonly unknown[], depth: number): boolean {
  for (let index = 0; index < array.length; index += 1) {
    const part = array[index];
    if (typeof part === 'number' ? isPlainNumber(part) : typeof part === 'string') continue;
    if (!isPlainPart(part, depth)) return false;
  }
  return true;
}
