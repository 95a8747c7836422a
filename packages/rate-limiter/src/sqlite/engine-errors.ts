/** @see https://www.sqlite.org/rescode.html: extended codes keep the primary one in their low byte. */
const busy = 5;

/** Another connection kept its lock for longer than the busy timeout. Nothing was changed. */
export function isBusy(error: unknown): boolean {
  // better-sqlite3 names the code, `node:sqlite` numbers it.
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  if (typeof errcode === 'number') return (errcode & 0xff) === busy;
  return typeof code === 'string' && /^SQLITE_BUSY(_|$)/.test(code);
}
