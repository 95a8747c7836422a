/** An error with the name, code and stack of another one, and nothing else that was attached to it. */
export function bareCopy(error: Error, text: string, cause: unknown): Error {
  const bare = cause === undefined ? new Error(text) : new Error(text, { cause });
  bare.name = error.name;
  bare.stack = (error.stack ?? '').replace(error.message, () => text);
  return 'code' in error ? Object.assign(bare, { code: error.code }) : bare;
}
