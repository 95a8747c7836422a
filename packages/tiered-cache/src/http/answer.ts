import { type Conditions, meets } from './conditions.ts';
import type { HandlerResponse, HeaderPair } from './handler-response.ts';
import type { Incoming } from './incoming.ts';
import { contentOf, type StoredResponse } from './stored-response.ts';

/** What is to be sent. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: readonly HeaderPair[];
  /** `undefined` where there is none. There is one for HEAD, whose length is told and which is not sent. */
  readonly body: string | Buffer | undefined;
  readonly bodyBytes: number;
}

/** Headers of a 200 that a 304 leaves out: they describe a body that it does not have. */
const ofTheBody: ReadonlySet<string> = new Set([
  'content-digest',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
  'repr-digest',
]);

/**
 * A stored response as the answer to a request: 304 if the client has it already.
 *
 * @param more - Headers of this answer alone, such as `Age`.
 * @see RFC 9110 section 15.4.5, RFC 9111 section 4.3.2
 */
export function answerOf(
  response: StoredResponse,
  conditions: Conditions,
  more: readonly HeaderPair[],
): Answer {
  const { status, headers, bodyBytes } = response;
  if (isSuccess(status) && meets(conditions, response)) return notModified([...headers, ...more]);
  const body = status === 204 ? undefined : contentOf(response);
  return { kind: 'answer', status, headers: [...headers, ...more], body, bodyBytes };
}

/** A response that is not kept, as the answer to the one request that it was made for. */
export function answerAlone(
  response: HandlerResponse,
  conditions: Conditions,
  more: readonly HeaderPair[],
): Answer {
  const { status } = response;
  const headers = [...response.headers, ...more];
  const validators = { etag: response.header('etag'), lastModified: response.header('last-modified') };
  if (isSuccess(status) && meets(conditions, validators)) return notModified(headers);
  const body = typeof response.body === 'string' ? response.body : Buffer.from(response.body);
  return { kind: 'answer', status, headers, body, bodyBytes: Buffer.byteLength(body) };
}

/** What `only-if-cached` gets where nothing is. @see RFC 9111 section 5.2.1.7 */
export function nothingCached(more: readonly HeaderPair[]): Answer {
  return { kind: 'answer', status: 504, headers: more, body: undefined, bodyBytes: 0 };
}

export function conditionsOf<R>(incoming: Incoming<R>): Conditions {
  return {
    ifNoneMatch: incoming.header('if-none-match'),
    ifModifiedSince: incoming.header('if-modified-since'),
  };
}

/** How old a response is, in whole seconds. @see RFC 9111 section 5.1 */
export function ageHeader({ generatedAt }: StoredResponse, now: number): HeaderPair {
  return ['age', String(Math.max(0, Math.floor((now - generatedAt) / 1_000)))];
}

function notModified(headers: readonly HeaderPair[]): Answer {
  const kept = headers.filter(([name]) => !ofTheBody.has(name));
  return { kind: 'answer', status: 304, headers: kept, body: undefined, bodyBytes: 0 };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
