import { keyOf } from '../key-of.ts';

/** Methods that only ask. @see RFC 9110 section 9.2.1 */
const asking: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * What makes requests identical: method, URL, headers, and how the platform is to treat them. `undefined` for a request
 * that must be sent for each caller: it may change something.
 */
export function requestKey(request: Request, ignoreHeaders: ReadonlySet<string>): string | undefined {
  if (!asking.has(request.method)) return undefined;
  const { method, credentials, cache, mode, redirect, integrity, referrer } = request;
  const [url] = request.url.split('#', 1);
  // In the order of their names, as the platform gives them.
  const headers = [...request.headers].filter(([name]) => !ignoreHeaders.has(name)).flat();
  return keyOf(method, url, credentials, cache, mode, redirect, integrity, referrer, ...headers);
}
