import { kindOf } from './kinds.ts';

/** What changes a `Map` or a `Set`, whose contents `Object.freeze` does not reach. */
const mutators = ['set', 'add', 'delete', 'clear', 'getOrInsert', 'getOrInsertComputed'];

/**
 * Freezes the value itself, all the way down: plain objects and arrays, and each `Map` and `Set`, whose methods that
 * change it throw from then on.
 *
 * Not frozen, because JavaScript has no way: `Buffer`, typed arrays, `ArrayBuffer`, `Date`, `URL`. Left alone, because they
 * are no data or expected to change: instances of classes, functions, `RegExp`, errors.
 */
export function freeze<T>(value: T): T {
  const seen = new Set<unknown>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    freezeOne(next, open);
  }
  return value;
}

/** What the object refers to is put on `open`. */
function freezeOne(object: object, open: unknown[]): void {
  const kind = kindOf(object);
  if (kind === 'Map') {
    for (const [key, value] of object as ReadonlyMap<unknown, unknown>) open.push(key, value);
    refuseChanges(object);
  } else if (kind === 'Set') {
    for (const item of object as ReadonlySet<unknown>) open.push(item);
    refuseChanges(object);
  } else if (kind === 'Object' || kind === 'Array') {
    for (const part of Object.values(object)) open.push(part);
    Object.freeze(object);
  }
}

function refuseChanges(collection: object): void {
  if (Object.isFrozen(collection)) return;
  for (const name of mutators) {
    if (name in collection) Object.defineProperty(collection, name, { value: refuseChange });
  }
  Object.freeze(collection);
}

function refuseChange(): never {
  throw new TypeError('a value of this cache is frozen and cannot be changed');
}
