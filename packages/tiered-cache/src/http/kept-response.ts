import { etagOf } from './etag.ts';
import { HandlerResponse, type HeaderPair } from './handler-response.ts';
import { formatHttpDate } from './http-date.ts';
import type { Incoming } from './incoming.ts';
import { keptHeaders } from './kept-headers.ts';
import type { ResolvedResponseOptions } from './options.ts';
import { livesOf, varyFields } from './storability.ts';
import { contentOf, stored, type StoredResponse } from './stored-response.ts';
import { type Subject, urlTag } from './subject.ts';
import { toldChoice, toldList } from './told.ts';
import { selectionOf } from './variants.ts';

/** What a request is, for whoever judges the response to it. */
export interface Inquiry<R> {
  readonly incoming: Incoming<R>;
  readonly subject: Subject;
  readonly options: ResolvedResponseOptions<R>;
  /** What was held of this very response before. */
  readonly held: StoredResponse | undefined;
}

/** A response that may be stored, and what it is stored with. */
export interface KeptResponse {
  readonly response: StoredResponse;
  readonly ttlMs: number;
  readonly tags: readonly string[];
}

/**
 * What is kept of a handler's response; `undefined` if it may not be stored.
 *
 * @throws Whatever `cacheable` and `tagsOf` throw, and a `TypeError` where they give what they must not.
 */
export function keptOf<R>(response: HandlerResponse, inquiry: Inquiry<R>): KeptResponse | undefined {
  const { incoming, subject, options } = inquiry;
  const now = options.clock.epoch();
  const lives = livesOf(response, subject, options, now);
  if (lives === undefined || Buffer.byteLength(response.body) > options.maxBodyBytes) return undefined;
  if (!mayBeKept(response, inquiry)) return undefined;
  const { lifeMs, ageMs, staleWhileRevalidateMs, staleIfErrorMs } = lives;
  const validators = validatorsOf(response, inquiry, now);
  const vary = (varyFields(response) ?? []).filter((field) => !options.vary.includes(field));
  const kept = stored(
    {
      status: response.status,
      ...keptHeaders(response, { options, lives, shared: subject.shared, ...validators, now }),
      ...validators,
      conditions: conditionsFor(response),
      generatedAt: now - ageMs,
      storedAt: now,
      lifeMs,
      staleWhileRevalidateMs,
      staleIfErrorMs,
      public: lives.public,
      vary,
      selection: selectionOf(vary, incoming),
    },
    response.body,
  );
  return { response: kept, ttlMs: lifeMs - ageMs, tags: tagsFor(response, inquiry) };
}

/**
 * The response that a handler confirms by 304: the one held, as the handler made it, with the headers that came.
 *
 * @see RFC 9111 section 4.3.4
 */
export function confirmed(held: StoredResponse, { own }: HandlerResponse): HandlerResponse {
  const replaced = new Set([...own.map(([name]) => name), ...held.added, 'date']);
  const made: readonly HeaderPair[] = held.headers.filter(([name]) => name !== 'vary');
  const vary: readonly HeaderPair[] = held.vary.length === 0 ? [] : [['vary', held.vary.join(', ')]];
  const kept = [...made, ...vary].filter(([name]) => !replaced.has(name));
  const came = own.filter(([name]) => name !== 'content-length');
  return new HandlerResponse(held.status, [...kept, ...came], contentOf(held));
}

function mayBeKept<R>(response: HandlerResponse, { incoming, options }: Inquiry<R>): boolean {
  const { cacheable } = options;
  return cacheable === undefined || toldChoice('cacheable', cacheable(incoming.request, response));
}

/** Content that is still the same keeps the date of its change. */
function validatorsOf<R>(
  response: HandlerResponse,
  { options, held }: Inquiry<R>,
  now: number,
): { readonly etag: string | undefined; readonly lastModified: string } {
  const strength = response.status === 204 ? 'none' : options.etag;
  const made = strength === 'none' ? undefined : etagOf(response.body, { weak: strength === 'weak' });
  const etag = response.header('etag') ?? made;
  const unchanged = held !== undefined && etag !== undefined && held.etag === etag;
  const changed = unchanged ? held.lastModified : formatHttpDate(now);
  return { etag, lastModified: response.header('last-modified') ?? changed };
}

function conditionsFor(response: HandlerResponse): HeaderPair[] {
  const etag = response.header('etag');
  const lastModified = response.header('last-modified');
  const conditions: HeaderPair[] = [];
  if (etag !== undefined) conditions.push(['if-none-match', etag]);
  if (lastModified !== undefined) conditions.push(['if-modified-since', lastModified]);
  return conditions;
}

function tagsFor<R>(response: HandlerResponse, { incoming, options }: Inquiry<R>): readonly string[] {
  const tags = toldList('tagsOf', options.tagsOf?.(incoming.request, response));
  return options.unsafeMethods === 'invalidate' ? [...tags, urlTag(incoming, options.name)] : tags;
}
