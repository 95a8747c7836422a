import { InvalidInputError } from './errors.ts';
import { isUuid } from './ids.ts';

const encode = (text: string): string => Buffer.from(text).toString('base64url');
const decode = (cursor: string): string => Buffer.from(cursor, 'base64url').toString();

/** A cursor that goes on after the item with that id. */
export const cursorAfter = (itemId: string): string => encode(itemId);

/** @throws {InvalidInputError} for anything that {@link cursorAfter} did not make. */
export function itemOfCursor(cursor: string): string {
  const itemId = decode(cursor);
  if (isUuid(itemId)) return itemId;
  throw new InvalidInputError('cursor', 'one that an earlier page gave');
}

/** A cursor that goes on after that many hits. */
export const cursorAt = (offset: number): string => encode(`o${offset}`);

/** @throws {InvalidInputError} for anything that {@link cursorAt} did not make. */
export function offsetOfCursor(cursor: string): number {
  const match = /^o(\d{1,6})$/.exec(decode(cursor));
  if (match !== null) return Number(match[1]);
  throw new InvalidInputError('cursor', 'one that an earlier page gave');
}
