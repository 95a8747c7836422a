import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';

import type { HeaderPair } from '../handler-response.ts';
import { replaceConditions } from './conditions-in-place.ts';

/** A request and a response that no client belongs to. */
export interface StandIn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Ends both, as if the client had left. */
  readonly leave: () => void;
}

/** What handlers read of a socket: who the client is, and how safe the way to it. */
const facts = [
  'remoteAddress',
  'remotePort',
  'remoteFamily',
  'localAddress',
  'localPort',
  'encrypted',
  'authorized',
];

/** A GET like `original`, with other conditions. What is answered goes nowhere. */
export function standInFor(original: IncomingMessage, conditions: readonly HeaderPair[]): StandIn {
  const socket = new Socket();
  for (const fact of facts) {
    const value = Reflect.get(original.socket, fact) as unknown;
    if (value !== undefined) Object.defineProperty(socket, fact, { value });
  }
  const request = new IncomingMessage(socket);
  const headers = Object.entries(original.headers).filter(([name]) => !name.startsWith(':'));
  const authority = original.headers[':authority'];
  request.headers = Object.fromEntries(headers);
  if (authority !== undefined) request.headers.host ??= String(authority);
  replaceConditions(request, conditions);
  Object.assign(request, {
    method: 'GET',
    url: Reflect.get(original, 'originalUrl') ?? original.url,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    rawHeaders: Object.entries(request.headers).flatMap(([name, value]) => [name, String(value)]),
    complete: true,
  });
  request.push(null);

  const response = new ServerResponse(request);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  response.assignSocket(nowhere as Socket);
  const leave = (): void => {
    nowhere.destroy();
    socket.destroy();
  };
  response.once('finish', leave);
  // Express destroys the socket of a response that cannot be completed.
  socket.once('close', leave);
  return { request, response, leave };
}
