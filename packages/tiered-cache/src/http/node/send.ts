import type { ServerResponse } from 'node:http';

import type { Answer } from '../answer.ts';
import type { HeaderPair } from '../handler-response.ts';

/** Sends an answer over Node.js. */
export function send(response: ServerResponse, answer: Answer, done?: () => void): void {
  response.statusCode = answer.status;
  setHeaders(response, answer.headers);
  if (answer.body !== undefined) response.setHeader('content-length', answer.bodyBytes);
  response.end(answer.body, done);
}

export function setHeaders(response: ServerResponse, headers: readonly HeaderPair[]): void {
  for (const [name, value] of headers) response.setHeader(name, value);
}
