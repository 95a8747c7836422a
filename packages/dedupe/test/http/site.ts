import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { expressDedupe, type ExpressRequest } from '@holdfast/dedupe/express';
import { fastifyDedupe, type FastifyRequestLike } from '@holdfast/dedupe/fastify';
import { RequestDedupe, type RequestDedupeOptions } from '@holdfast/dedupe/http';
import express, { type Request, type Response } from 'express';
import Fastify from 'fastify';
import { onTestFinished } from 'vitest';

export interface Page {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
}

export interface Visit {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface Reply {
  readonly status: number;
  /** The status in words. */
  readonly reason: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Pages on a real server, behind a request dedupe. */
export interface Site {
  readonly requests: Pick<RequestDedupe<never>, 'statistics'>;
  ask(path: string, question?: Question): Promise<Reply>;
}

/** A page that answers by itself never comes. */
type Pages = (visit: Visit, response: ServerResponse) => Page | Promise<Page>;
type Asked = { readonly headers: IncomingHttpHeaders };
export type SiteOptions = Partial<RequestDedupeOptions<Asked>>;

/** What a request waits for before it gets to the dedupe. */
type Gate = (headers: IncomingHttpHeaders, response: ServerResponse) => unknown;

/** Who asks is what the test says. */
const byName = ({ headers }: Asked): string | undefined => headers['x-user'] as string | undefined;

const front = (id: number): Record<string, string> => ({ 'x-request': String(id) });

export async function expressSite(pages: Pages, options: SiteOptions = {}, gate?: Gate): Promise<Site> {
  const requests = new RequestDedupe<ExpressRequest>({ identity: byName, ...options });
  const app = express();
  let asked = 0;
  app.set('env', 'test');
  app.set('etag', false);
  app.use(async ({ headers }: Request, response: Response, next: () => void) => {
    response.set(front((asked += 1)));
    await gate?.(headers, response);
    next();
  });
  app.use(express.json());
  app.use(expressDedupe(requests));
  app.use(async (asking: Request, response: Response) => {
    const { method, originalUrl: url, headers } = asking;
    const body = asking.body as unknown;
    const made = await pages({ method, url, headers, body }, response);
    const { status = 200, headers: own = {}, body: page = '' } = made;
    response.status(status).set(own);
    if (page instanceof Readable) page.pipe(response);
    else response.send(page);
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return siteAt((server.address() as AddressInfo).port, requests);
}

export async function fastifySite(pages: Pages, options: SiteOptions = {}, gate?: Gate): Promise<Site> {
  const requests = new RequestDedupe<FastifyRequestLike>({ identity: byName, ...options });
  const app = Fastify({ forceCloseConnections: true });
  let asked = 0;
  app.addHook('onRequest', async ({ headers }, reply) => {
    reply.headers(front((asked += 1)));
    await gate?.(headers, reply.raw);
  });
  await app.register(fastifyDedupe, { requests, routes: 'all' });
  app.route({
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/*',
    handler: async ({ method, url, headers, body }, reply) => {
      const page = await pages({ method, url, headers, body }, reply.raw);
      return reply
        .code(page.status ?? 200)
        .headers(page.headers ?? {})
        .send(page.body ?? '');
    },
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  return siteAt((app.server.address() as AddressInfo).port, requests);
}

function siteAt(port: number, requests: Site['requests']): Site {
  return { requests, ask: (path, question = {}) => askOver(port, path, question) };
}

async function askOver(port: number, path: string, question: Question): Promise<Reply> {
  const { method = 'GET', headers = {}, body, signal } = question;
  const own = body === undefined ? headers : { 'content-type': 'application/json', ...headers };
  const asking = request({ host: '127.0.0.1', port, path, method, headers: own, signal, agent: false });
  asking.end(body);
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage,
    headers: response.headers,
    body: Buffer.concat(parts).toString(),
  };
}
