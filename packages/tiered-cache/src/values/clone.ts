import { UnsupportedValueError } from './errors.ts';
import { describe, kindOf } from './kinds.ts';
import { binaryName, binaryOf, bytesOf } from './typed/binary.ts';
import { errorClass, errorStandIns } from './typed/error-stand-ins.ts';
import type { Fields } from './typed/shapes.ts';
import type { StandIn } from './typed/stand-in.ts';
import { standIns } from './typed/stand-ins.ts';

/**
 * A copy that shares nothing with the value. Copies what `typedCodec` keeps, as it keeps it, and cycles too.
 * `structuredClone` makes a `Uint8Array` of a `Buffer`, loses the fields of errors and refuses a `URL`.
 *
 * @throws {UnsupportedValueError} If there is something else in the value.
 */
export function clone(value: unknown): unknown {
  return isObject(value) ? new Cloning().of(value) : primitive(value);
}

class Cloning {
  /** Copies by what they are of, from before their parts are copied, so that a cycle finds itself. */
  readonly #copies = new Map<object, object>();

  of(object: object): object {
    return this.#copies.get(object) ?? this.#copy(object);
  }

  #copy(object: object): object {
    const kind = kindOf(object);
    switch (kind) {
      case undefined:
        throw uncloneable(object);
      case 'Object':
        return this.#copyFields(object as Fields);
      case 'Array':
        return this.#copyArray(object as unknown[]);
      case 'Map':
        return this.#copyMap(object as ReadonlyMap<unknown, unknown>);
      case 'Set':
        return this.#copySet(object as ReadonlySet<unknown>);
      case 'View':
      case 'ArrayBuffer':
        return this.#noted(object, copyOfBinary(object as ArrayBufferView));
      case 'Error':
        return this.#copyError(object as Error);
      case 'Date':
      case 'RegExp':
      case 'URL':
        return this.#noted(object, restored(standIns[kind] as StandIn<object>, object));
    }
  }

  #copyFields(fields: Fields): object {
    // Spread, so that a field called `__proto__` is copied like any other and can be replaced like any other.
    const copy = this.#noted(fields, { ...fields });
    for (const key of Object.keys(copy)) {
      const part = this.#part(copy[key]);
      if (isObject(part)) copy[key] = part;
    }
    for (const symbol of Object.getOwnPropertySymbols(copy)) delete (copy as Record<symbol, unknown>)[symbol];
    return copy;
  }

  #copyArray(array: readonly unknown[]): object {
    // Joined to a plain array, it keeps its holes and not its class.
    const copy = this.#noted(array, ([] as unknown[]).concat(array));
    for (let index = 0; index < copy.length; index += 1) {
      const part = this.#part(copy[index]);
      if (isObject(part)) copy[index] = part;
    }
    return copy;
  }

  #copyMap(map: ReadonlyMap<unknown, unknown>): object {
    const copy = this.#noted(map, new Map<unknown, unknown>());
    for (const [key, value] of map) copy.set(this.#part(key), this.#part(value));
    return copy;
  }

  #copySet(set: ReadonlySet<unknown>): object {
    const copy = this.#noted(set, new Set<unknown>());
    for (const item of set) copy.add(this.#part(item));
    return copy;
  }

  /** First with the parts of the original, so that a cycle through the cause finds a copy. */
  #copyError(error: Error): object {
    const copy = this.#noted(error, restored(errorStandIns.get(errorClass(error)) as StandIn<Error>, error));
    for (const [key, field] of Object.entries(Object.getOwnPropertyDescriptors(copy)))
      if (isObject(field.value)) Object.defineProperty(copy, key, { ...field, value: this.of(field.value) });
    return copy;
  }

  #part(part: unknown): unknown {
    return isObject(part) ? this.of(part) : primitive(part);
  }

  #noted<T extends object>(object: object, copy: T): T {
    this.#copies.set(object, copy);
    return copy;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function primitive(value: unknown): unknown {
  if (typeof value !== 'function' && typeof value !== 'symbol') return value;
  throw uncloneable(value);
}

function copyOfBinary(binary: ArrayBufferView | ArrayBuffer): object {
  return binaryOf(binaryName(binary), bytesOf(binary)) as object;
}

function restored<T>(standIn: StandIn<T>, original: T): T {
  return standIn.restore(standIn.of(original));
}

function uncloneable(value: unknown): UnsupportedValueError {
  return new UnsupportedValueError('value', `holds ${describe(value)}, which cannot be cloned`);
}
