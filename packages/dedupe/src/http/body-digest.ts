import { createHash } from 'node:crypto';

import type { Incoming } from './incoming.ts';

/**
 * What stands for the body of a request: equal for equal bodies. Empty without a body; `undefined` for one that no parser
 * has read, so that nobody knows what it says.
 */
export function bodyDigest({ hasBody, body }: Incoming<unknown>): string | undefined {
  if (!hasBody) return '';
  if (body === undefined || isStream(body)) return undefined;
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return createHash('sha256').update(bytes).digest('base64url');
}

function isStream(body: unknown): boolean {
  return typeof (body as { pipe?: unknown } | null)?.pipe === 'function';
}
