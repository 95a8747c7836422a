import type { ServerResponse } from 'node:http';

import type { Answer } from './answer.ts';

/** Sends an answer over Node.js, which leaves the body out where there must be none. */
export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.statusCode = status;
  for (const [name, value] of headers) response.setHeader(name, value);
  response.end(body);
}
