import { HoldfastError } from '@holdfast/core';

/** The caller sent something outside the limits; nothing was read or written. */
export class InvalidInputError extends HoldfastError {
  override readonly name = 'InvalidInputError';
  readonly code = 'ERR_INVALID_INPUT';
  /** Which field of the request. */
  readonly field: string;

  constructor(field: string, rule: string) {
    super(`${field} must be ${rule}`);
    this.field = field;
  }
}

/** The user has no such item. Says the same whether nobody has it or somebody else does. */
export class ItemNotFoundError extends HoldfastError {
  override readonly name = 'ItemNotFoundError';
  readonly code = 'ERR_ITEM_NOT_FOUND';
  readonly itemId: string;

  constructor(itemId: string) {
    super(`no item ${itemId}`);
    this.itemId = itemId;
  }
}

/** The item is at another version than the writer saw; nothing was written. */
export class VersionConflictError extends HoldfastError {
  override readonly name = 'VersionConflictError';
  readonly code = 'ERR_VERSION_CONFLICT';
  readonly itemId: string;
  /** The version that the item is at. */
  readonly actual: number;

  constructor(itemId: string, actual: number) {
    super(`item ${itemId} is at version ${actual}`);
    this.itemId = itemId;
    this.actual = actual;
  }
}

/** The user already has an item from that source; nothing was written. */
export class DuplicateSourceError extends HoldfastError {
  override readonly name = 'DuplicateSourceError';
  readonly code = 'ERR_DUPLICATE_SOURCE';
  /** The item that has the source. */
  readonly itemId: string;

  constructor(itemId: string) {
    super(`item ${itemId} already has that source`);
    this.itemId = itemId;
  }
}
