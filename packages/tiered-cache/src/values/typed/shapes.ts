import { RefusedPayloadError } from '../errors.ts';

/** What an object from `JSON.parse` holds; a field called `__proto__` is one of its own like any other. */
export type Fields = Record<string, unknown>;

/** A part of a payload is not of the shape that we write. */
export function misshapen(): RefusedPayloadError {
  return new RefusedPayloadError('damaged', 'has a part that is not of the form its type demands');
}

export function asString(part: unknown): string {
  if (typeof part === 'string') return part;
  throw misshapen();
}

export function asNumber(part: unknown): number {
  if (typeof part === 'number') return part;
  throw misshapen();
}

export function asArray(part: unknown): readonly unknown[] {
  if (Array.isArray(part)) return part;
  throw misshapen();
}

export function asFields(part: unknown): Fields {
  if (typeof part === 'object' && part !== null && !Array.isArray(part)) return part as Fields;
  throw misshapen();
}

/** Whether a property of an array is one of its items. */
export function isIndex(key: string): boolean {
  return /^\d+$/.test(key);
}
