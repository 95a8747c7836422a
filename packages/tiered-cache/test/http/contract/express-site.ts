import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

import { expressResponseCache, type ResponseCache } from '@holdfast/tiered-cache/http';
import express, { type Express, type Request, type Response } from 'express';

import type { Front } from './server-contract.ts';
import { askOver, type Page, type Pages, type Site } from './site.ts';

/** Pages on a real server of express. */
export async function expressSite(
  responses: ResponseCache<never>,
  pages: Pages,
  front: Front = {},
): Promise<Site> {
  const app = express();
  app.set('env', 'test');
  app.set('etag', false);
  app.use((request, response, next) => {
    const headers = request.headers as Record<string, string>;
    response.set(front.headers?.(headers) ?? {});
    response.on('finish', () => front.log?.(headers));
    next();
  });
  app.use(expressResponseCache(responses as ResponseCache<Request>));
  app.use((request: Request, response: Response, next) => {
    const headers = request.headers as Record<string, string>;
    const visit = { method: request.method, url: request.originalUrl, headers };
    Promise.resolve(visit)
      .then(pages)
      .then((page) => sendPage(response, page), next);
  });
  return listening(app);
}

export async function listening(app: Express): Promise<Site> {
  const server = app.listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ask: (path, question) => askOver(port, path, question),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function sendPage(response: Response, { status = 200, headers = {}, body = '' }: Page): void {
  response.status(status);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (body instanceof Readable) body.pipe(response);
  else response.send(body);
}
