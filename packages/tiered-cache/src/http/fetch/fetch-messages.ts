import type { Answer } from '../answer.ts';
import { HandlerResponse, type HeaderPair } from '../handler-response.ts';

/** A handler in the style of fetch. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** Statuses of responses that cannot have a body. */
const bodyless: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

/** The same request with other conditions and another signal. */
export function requestWith(
  request: Request,
  conditions: readonly HeaderPair[],
  signal: AbortSignal,
): Request {
  const headers = new Headers(request.headers);
  headers.delete('if-none-match');
  headers.delete('if-modified-since');
  for (const [name, value] of conditions) headers.set(name, String(value));
  return new Request(request, { headers, signal });
}

/**
 * A response with its whole body; or, where that is too long or a stream of events, a response with what is still to be
 * read.
 */
export async function wholeOf(response: Response, maxBodyBytes: number): Promise<HandlerResponse | Response> {
  const { status, headers } = response;
  const endless = headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (endless || status < 200 || Number(headers.get('content-length')) > maxBodyBytes) return response;
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
    parts.push(read.value);
    bytes += read.value.byteLength;
    if (bytes > maxBodyBytes) return rebuilt(response, restOf(parts, reader));
  }
  return new HandlerResponse(status, [...headers], Buffer.concat(parts));
}

/** A response of which all has been read, as it was. */
export function unread(response: Response, { body }: HandlerResponse): Response {
  return rebuilt(response, bodyless.has(response.status) ? undefined : body);
}

export function responseOf(answer: Answer, method: string): Response {
  const headers = new Headers();
  for (const [name, value] of answer.headers)
    for (const line of typeof value === 'string' ? [value] : value) headers.append(name, line);
  if (answer.body !== undefined) headers.set('content-length', String(answer.bodyBytes));
  const body = method === 'HEAD' || bodyless.has(answer.status) ? undefined : answer.body;
  // A text would be given a type where the response has none.
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return new Response(bytes ?? null, { status: answer.status, headers });
}

export function withHeaders(response: Response, more: readonly HeaderPair[]): Response {
  if (more.length === 0 || response.status < 200) return response;
  const copy = rebuilt(response, response.body ?? undefined);
  for (const [name, value] of more) copy.headers.set(name, String(value));
  return copy;
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** What has been read, and then the rest as it comes. */
function restOf(parts: readonly Uint8Array[], reader: Reader | undefined): ReadableStream<Uint8Array> {
  const waiting = [...parts];
  return new ReadableStream({
    async pull(controller) {
      const next = waiting.shift() ?? (await reader?.read())?.value;
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    },
    cancel: (reason) => reader?.cancel(reason),
  });
}

function rebuilt(response: Response, body: ReadableStream | Uint8Array | string | undefined): Response {
  const { status, statusText, headers } = response;
  return new Response((body ?? null) as ConstructorParameters<typeof Response>[0], {
    status,
    statusText,
    headers,
  });
}
