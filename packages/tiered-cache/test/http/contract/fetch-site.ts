import { Readable } from 'node:stream';

import { cachedHandler, type ResponseCache } from '@holdfast/tiered-cache/http';

import type { Page, Pages, Question, Reply, Site } from './site.ts';

/** Pages as a handler in the style of fetch. */
export async function fetchSite(responses: ResponseCache<never>, pages: Pages): Promise<Site> {
  const handler = cachedHandler(responses, async (request) => {
    const { pathname, search } = new URL(request.url);
    const headers = Object.fromEntries(request.headers);
    const response = responseOf(await pages({ method: request.method, url: pathname + search, headers }));
    return request.method === 'HEAD' ? new Response(undefined, response) : response;
  });
  return {
    ask: (path, question) => askHandler(handler, path, question),
    close: async () => {},
  };
}

async function askHandler(
  handler: (request: Request) => Promise<Response>,
  path: string,
  { method = 'GET', headers = {}, signal }: Question = {},
): Promise<Reply> {
  const { host = 'localhost', ...others } = headers;
  const init = { method, headers: others, ...(signal === undefined ? {} : { signal }) };
  try {
    const response = await Promise.race([
      handler(new Request(`http://${host}${path}`, init)),
      aborted(signal),
    ]);
    const body = Buffer.from(await response.arrayBuffer()).toString('latin1');
    const cookies = response.headers.getSetCookie().join();
    const lines = { ...Object.fromEntries(response.headers), 'set-cookie': cookies };
    return { status: response.status, reason: response.statusText, headers: lines, body };
  } catch (error) {
    // A server would answer so for a handler that throws.
    if (signal?.aborted === true) throw error;
    return { status: 500, reason: '', headers: {}, body: '' };
  }
}

/** A client that leaves waits no longer, whatever the handler does. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
}

function responseOf({ status = 200, headers = {}, body }: Page): Response {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((line): [string, string] => [name, line]),
  );
  const content = body instanceof Readable ? Readable.toWeb(body) : body;
  return new Response((content ?? null) as ConstructorParameters<typeof Response>[0], {
    status,
    headers: lines,
  });
}
