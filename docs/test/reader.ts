// What the examples in the documents take for granted: the reader's own code. As small as they need it to run.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { CircuitBreaker } from '@holdfast/circuit-breaker';

export interface Order {
  readonly id: string;
  readonly total: number;
}
export interface User {
  readonly id: string;
  readonly name: string;
}
interface Signalled {
  readonly signal?: AbortSignal | undefined;
}

export const order: Order = { id: 'order-7', total: 42 };
export const user: User = { id: 'ada', name: 'Ada' };
export const { id, name } = user;
export const currency = 'CHF';
export const symbol = 'ABC';
export const query = 'walrus';
export const signal: AbortSignal = new AbortController().signal;
export const request: { readonly signal: AbortSignal } = { signal };
export const pool = { used: 1, size: 10 };
export const bestSellers: readonly string[] = ['ada', 'bob'];

export async function charge(charged: Order, _options?: Signalled): Promise<{ readonly id: string }> {
  return { id: `receipt of ${charged.id}` };
}
export async function fetchInvoice(invoice: string, _options?: Signalled): Promise<{ readonly id: string }> {
  return { id: invoice };
}
export async function fetchQuote(of: string, inCurrency: string, _options?: Signalled): Promise<number> {
  return of.length + inCurrency.length;
}
export async function search(words: string, _options?: Signalled): Promise<readonly string[]> {
  return [words];
}
export async function ask(_options?: Signalled & { readonly attempt?: number }): Promise<string> {
  return 'answer';
}
export async function recommend(to: User): Promise<readonly string[]> {
  return [`for ${to.name}`];
}
export async function pingDatabase(_options?: Signalled): Promise<void> {}
export async function send(_payload: unknown, _options?: Signalled): Promise<void> {}
export function isNotFound(error: unknown): boolean {
  return error instanceof RangeError;
}

interface Users {
  user(id: string, options?: Signalled): Promise<User>;
  rename(id: string, name: string): Promise<void>;
}
const names = new Map<string, string>([[user.id, user.name]]);
const users: Users = {
  user: async (userId: string, _options?: Signalled): Promise<User> => ({
    id: userId,
    name: names.get(userId) ?? 'Somebody',
  }),
  rename: async (userId: string, called: string): Promise<void> => void names.set(userId, called),
};
export const database: Users = { ...users };
export const db: Users = { ...users };

type Log = Record<'info' | 'warn' | 'error', (...parts: readonly unknown[]) => void>;
export const log: Log = { info() {}, warn() {}, error() {} };
export const logger: Log = { ...log };
export const billingBreaker: CircuitBreaker = new CircuitBreaker({ name: 'billing' });

interface Reply {
  code(status: number): Reply;
  header(name: string, value: string | number): Reply;
  headers(values: Record<string, string>): Reply;
  type(mediaType: string): Reply;
  send(body?: unknown): Reply;
}
export const reply: Reply = {
  code: () => reply,
  header: () => reply,
  headers: () => reply,
  type: () => reply,
  send: () => reply,
};

/** Of a page that knows by its entity tag whether a client has it. */
export const url: string = await listening('news of the day');

async function listening(page: string): Promise<string> {
  const etag = `"${createHash('sha256').update(page).digest('base64url')}"`;
  const server = createServer(({ headers }, response) => {
    response.setHeader('etag', etag);
    if (headers['if-none-match'] === etag) response.writeHead(304).end();
    else response.end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
