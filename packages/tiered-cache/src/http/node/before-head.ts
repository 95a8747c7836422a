import type { ServerResponse } from 'node:http';

/** Does something when the head of a response is about to go out. */
export function beforeHead(response: ServerResponse, task: () => void): void {
  const writeHead = response.writeHead.bind(response);
  const writeHeadAfter = (...args: unknown[]): unknown => {
    Object.assign(response, { writeHead });
    task();
    return Reflect.apply(writeHead, undefined, args);
  };
  Object.assign(response, { writeHead: writeHeadAfter });
}
