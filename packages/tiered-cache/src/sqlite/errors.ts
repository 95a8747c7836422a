import { HoldfastError } from '@holdfast/core';

/** There is nothing to open a file with: this Node.js was built without `node:sqlite`, and better-sqlite3 is not installed. */
export class SqliteMissingError extends HoldfastError {
  override readonly name = 'SqliteMissingError';
  readonly code = 'ERR_CACHE_SQLITE_MISSING';

  constructor() {
    super('a cache in an SQLite file needs node:sqlite or better-sqlite3');
  }
}
