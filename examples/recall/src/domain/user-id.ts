import { InvalidInputError } from './errors.ts';

declare const brand: unique symbol;

/** Whose data a call is about. Branded, so that no other string is taken for one; every query of a storage needs it. */
export type UserId = string & { readonly [brand]: 'UserId' };

const pattern = /^[\w.:@|-]{1,128}$/;

/** @throws {InvalidInputError} unless `value` is 1 to 128 letters, digits or `_ . : @ | -`. */
export function userId(value: string): UserId {
  if (pattern.test(value)) return value as UserId;
  throw new InvalidInputError('user', '1 to 128 letters, digits or _ . : @ | -');
}
