import { types } from 'node:util';

/**
 * What an object is, as far as values are told apart: by what it does and not by its constructor, so that objects of
 * another realm count too. A subclass counts as what it extends, and everything else that has a class as `undefined`.
 */
export type Kind =
  | 'Array'
  | 'Object'
  | 'Date'
  | 'Map'
  | 'Set'
  | 'View'
  | 'ArrayBuffer'
  | 'RegExp'
  | 'URL'
  | 'Error';

export function kindOf(object: object): Kind | undefined {
  if (Array.isArray(object)) return 'Array';
  if (isRecord(object)) return 'Object';
  if (types.isDate(object)) return 'Date';
  if (types.isMap(object)) return 'Map';
  if (types.isSet(object)) return 'Set';
  if (ArrayBuffer.isView(object)) return 'View';
  if (types.isArrayBuffer(object)) return 'ArrayBuffer';
  if (types.isRegExp(object)) return 'RegExp';
  if (types.isNativeError(object)) return 'Error';
  return object instanceof URL ? 'URL' : undefined;
}

/** Says what a value without a kind is, for messages. */
export function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === 'function' && constructor.name !== ''
    ? `an instance of ${constructor.name}`
    : 'an instance of a class without a name';
}

/** Whether nothing but a root prototype, of whatever realm, is behind the object. */
function isRecord(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
