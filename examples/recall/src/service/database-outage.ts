import { HoldfastError } from '@holdfast/core';

/** The database cannot be used now. Whether a write that was under way happened is not known. */
export class DatabaseUnavailableError extends HoldfastError {
  override readonly name = 'DatabaseUnavailableError';
  readonly code = 'ERR_DATABASE_UNAVAILABLE';

  constructor(cause: unknown) {
    super('the database cannot be used now', { retryAfterMs: 1_000, cause });
  }
}

/**
 * Errors of sockets; the classes 08 (connection), 28 (login), 53 (resources) and 57P (server going or coming) of SQLSTATE,
 * 25006 (a replica that only reads) and 3D000 (no such database); and what SQLite says of its file and of the disk.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 * @see https://www.sqlite.org/rescode.html
 */
const outageCodes =
  /^(?:E(?:CONN[A-Z]+|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN)|(?:08|28|53)\w{3}|57P\w\w|25006|3D000|SQLITE_(?:BUSY|FULL|IOERR|CANTOPEN|READONLY)\w*)$/;

/** The driver gives these no code. */
const outageMessages =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout)/;

/** Whether the database could not be reached or used, as opposed to a question that it refused. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { readonly code?: unknown };
  return outageMessages.test(error.message) || (typeof code === 'string' && outageCodes.test(code));
}
