/**
 * Describes a value down to the type, the order and the enumerability of everything in it: two values are the same exactly
 * if their portraits are. Stricter than the matchers of the test runner, which do not tell everything apart.
 */
export function portrait(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  return `${Object.getPrototypeOf(value)?.constructor.name}(${contents(value)}){${properties(value)}}`;
}

/** What is in the object beside its properties. */
function contents(object: object): string {
  if (object instanceof Date) return String(object.getTime());
  if (object instanceof RegExp) return String(object);
  if (object instanceof URL) return object.href;
  if (object instanceof Map)
    return [...object].map(([key, value]) => `${portrait(key)} => ${portrait(value)}`).join();
  if (object instanceof Set) return [...object].map(portrait).join();
  if (object instanceof Error) return object.name;
  if (ArrayBuffer.isView(object))
    return Buffer.from(object.buffer, object.byteOffset, object.byteLength).toString('hex');
  return object instanceof ArrayBuffer ? Buffer.from(object).toString('hex') : '';
}

function properties(object: object): string {
  if (ArrayBuffer.isView(object)) return '';
  const names = Object.getOwnPropertyNames(object).filter((name) => !isBeside(object, name));
  if (object instanceof Error) names.sort();
  return names.map((name) => property(object, name)).join();
}

/** Whether the property is no part of the value: the stack of an error, or a method that is not enumerable. */
function isBeside(object: object, name: string): boolean {
  const { value, enumerable } = Object.getOwnPropertyDescriptor(object, name) as PropertyDescriptor;
  return (
    (object instanceof Error && name === 'stack') || (typeof value === 'function' && enumerable === false)
  );
}

function property(object: object, name: string): string {
  const { value, enumerable } = Object.getOwnPropertyDescriptor(object, name) as PropertyDescriptor;
  return `${enumerable === true ? '' : 'hidden '}${JSON.stringify(name)}: ${portrait(value)}`;
}
