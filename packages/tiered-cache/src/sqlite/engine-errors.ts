type Code = 'BUSY' | 'READONLY' | 'CORRUPT' | 'FULL' | 'NOTADB';

/** Extended codes keep the primary one in their low byte. @see https://www.sqlite.org/rescode.html */
const codes: Readonly<Record<number, Code>> = {
  5: 'BUSY',
  8: 'READONLY',
  11: 'CORRUPT',
  13: 'FULL',
  26: 'NOTADB',
};

/** Another connection kept its lock for longer than the busy timeout. Nothing was changed. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === 'BUSY';
}

/** The file may be read only. */
export function isReadOnly(error: unknown): boolean {
  return codeOf(error) === 'READONLY';
}

/** The file makes no sense to the engine. */
export function isCorrupt(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'CORRUPT' || code === 'NOTADB';
}

/** The disk is full, or the database has as many pages as it may have. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === 'FULL';
}

/** A table is not there. The engine has no code of its own for that. */
export function isMissingTable(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('no such table');
}

/** better-sqlite3 names the code, `node:sqlite` numbers it. */
function codeOf(error: unknown): Code | undefined {
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  if (typeof errcode === 'number') return codes[errcode & 0xff];
  if (typeof code !== 'string') return undefined;
  return Object.values(codes).find((each) => code === `SQLITE_${each}` || code.startsWith(`SQLITE_${each}_`));
}
