/** What `fetch` says in Chrome, Firefox and Safari when the network fails; in Node.js its error has a cause. */
const networkFailures: ReadonlySet<string> = new Set([
  'Failed to fetch',
  'Load failed',
  'NetworkError when attempting to fetch resource.',
]);

/**
 * Whether the caller's own code is at fault: a name that does not exist, or a value used as what it is not. The `TypeError`
 * by which `fetch` tells of a failed network is none.
 */
export function isProgrammingError(error: unknown): boolean {
  if (error instanceof ReferenceError) return true;
  return error instanceof TypeError && error.cause === undefined && !networkFailures.has(error.message);
}
