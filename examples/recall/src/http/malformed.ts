import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { plainProblem, type Problem } from './problem.ts';

/** What the HTTP parser has to say, before there is a request at all. */
const byParserCode: Readonly<Record<string, Problem>> = {
  ERR_HTTP_REQUEST_TIMEOUT: plainProblem(408, 'the request did not arrive in time'),
  HPE_HEADER_OVERFLOW: plainProblem(431, 'the headers are too long'),
};

const notHttp = plainProblem(400, 'what arrived is not HTTP');

/** Answers what is no request, on the bare connection, and ends it. */
export function answerMalformed(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return;
  const problem = byParserCode[error.code ?? ''] ?? notHttp;
  const body = bodyOf(problem);
  socket.write(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
  socket.destroySoon();
}

/** Answers a request with an `Expect` that is not `100-continue`. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const problem = plainProblem(417, 'the only expectation that is met is 100-continue');
  response
    .writeHead(problem.status, { 'content-type': 'application/problem+json', connection: 'close' })
    .end(bodyOf(problem));
}

const bodyOf = (problem: Problem): string => JSON.stringify({ ...problem, requestId: randomUUID() });
