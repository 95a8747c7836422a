import { createHash } from 'node:crypto';

import type { Incoming } from './incoming.ts';

/**
 * What stands for the body of a request: equal for equal bodies. Empty without a body; `undefined` for one that no parser
 * has read, so that nobody knows what it says.
 */
export function bodyDigest({ hasBody, body }: Incoming<unknown>): string | undefined {
  // Over HTTP/2 no header has to say that there is one, so what a parser has made is one as well.
  if (!hasBody && (body === undefined || body === null)) return '';
  if (body === undefined || isStream(body)) return undefined;
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return createHash('sha256').update(bytes).digest('base64url');
}

function isStream(body: unknown): boolean {
  return typeof (body as { pipe?: unknown } | null)?.pipe === 'function';
}
