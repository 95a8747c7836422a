import type { ServerResponse } from 'node:http';

import { bytesOf, writtenBy } from './call-arguments.ts';

/** Lets the last of a response out only after something is done, so that whoever has it sees what was done. */
export function beforeEnd(response: ServerResponse, task: () => Promise<void>): void {
  const end = response.end.bind(response);
  const endAfter = (...args: unknown[]): ServerResponse => {
    settleHead(response, args);
    void task().then(() => {
      Object.assign(response, { end });
      return Reflect.apply(end, undefined, args);
    });
    return response;
  };
  Object.assign(response, { end: endAfter });
}

/** A handler that goes on after its answer can change nothing of it, as it could not if the answer went out at once. */
function settleHead(response: ServerResponse, last: readonly unknown[]): void {
  if (response.headersSent) return;
  const { statusCode } = response;
  const told = ['content-length', 'transfer-encoding', 'trailer'].some((name) => response.hasHeader(name));
  // With its end a response is complete, and Node.js would have told its length.
  if (!told && statusCode !== 204 && statusCode !== 304)
    response.setHeader('content-length', bytesOf(writtenBy(last)).length);
  response.writeHead(statusCode);
}
