/** Whether the engine gave up waiting for another connection's lock. Nothing was changed then. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === 'SQLITE_BUSY';
}

/** Whether the engine cannot make sense of the file. */
export function isCorrupt(error: unknown): boolean {
  const code = primaryCode(error);
  return code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB';
}

/** Extended codes keep the primary one in their low byte. @see https://www.sqlite.org/rescode.html */
const primaryCodes: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  11: 'SQLITE_CORRUPT',
  26: 'SQLITE_NOTADB',
};

/** better-sqlite3 names the code, node:sqlite numbers it. */
function primaryCode(error: unknown): string | undefined {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (typeof errcode === 'number') return primaryCodes[errcode & 0xff];
  if (typeof code !== 'string') return undefined;
  return Object.values(primaryCodes).find((each) => code === each || code.startsWith(`${each}_`));
}
