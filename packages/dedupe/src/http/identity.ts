import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** What both express and fastify have. */
export interface WithHeaders {
  readonly headers: IncomingHttpHeaders;
}

/**
 * An identity for services whose users show who they are by `Authorization` or cookies: what the client sent is who it
 * is. Requests without either are those of one public client.
 */
export function byCredentials({ headers }: WithHeaders): string {
  const { authorization, cookie } = headers;
  if (authorization === undefined && cookie === undefined) return 'public';
  // Secrets are not kept in keys.
  return createHash('sha256')
    .update(JSON.stringify([authorization, cookie]))
    .digest('base64url');
}
