import { cacheControl } from './cache-control.ts';
import { type HandlerResponse, type HeaderPair, namesIn } from './handler-response.ts';
import { formatHttpDate } from './http-date.ts';
import type { ResolvedResponseOptions } from './options.ts';
import type { Lives } from './storability.ts';
import type { StoredResponse } from './stored-response.ts';

/** What the headers are made from, beside the handler's own. */
export interface HeaderFacts<R> {
  readonly options: ResolvedResponseOptions<R>;
  readonly lives: Lives;
  /** Whether the response goes to anybody who asks. */
  readonly shared: boolean;
  readonly etag: string | undefined;
  readonly lastModified: string;
  /** Since 1970. */
  readonly now: number;
}

/** Fields of one connection, and what every answer gets anew. @see RFC 9110 section 7.6.1, RFC 9111 section 3.1 */
const notKept: ReadonlySet<string> = new Set([
  'age',
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The headers that are kept of a response, and those that it lacks: validators, the date, `Cache-Control`, and in `Vary`
 * what it varies by without saying so. Where it says nothing of how long clients may keep it and they are told, they are
 * also told by what users are kept apart: the same client may be another user by then.
 */
export function keptHeaders<R>(
  response: HandlerResponse,
  facts: HeaderFacts<R>,
): Pick<StoredResponse, 'headers' | 'added'> {
  const ofConnection = namesIn(response.header('connection'));
  const kept = response.own.filter(([name]) => !notKept.has(name) && !ofConnection.includes(name));
  const added = lacking(response, facts);
  const vary = unsaidVary(response, selecting(added, facts));
  const own = kept.filter(([name]) => vary === undefined || name !== 'vary');
  return { headers: [...own, ...(vary ?? []), ...added], added: added.map(([name]) => name) };
}

function lacking<R>(response: HandlerResponse, facts: HeaderFacts<R>): HeaderPair[] {
  const { etag, lastModified, now } = facts;
  const all: readonly (readonly [string, string | undefined])[] = [
    ['etag', etag],
    ['last-modified', lastModified],
    ['date', formatHttpDate(now)],
    ['cache-control', response.header('expires') === undefined ? clientControl(facts) : undefined],
  ];
  return all.filter((pair): pair is readonly [string, string] => {
    const [name, value] = pair;
    return value !== undefined && response.header(name) === undefined;
  });
}

function clientControl<R>({ options, lives, shared }: HeaderFacts<R>): string | undefined {
  if (options.cacheControl !== undefined)
    return options.cacheControl === false ? undefined : options.cacheControl;
  const { lifeMs, staleWhileRevalidateMs, staleIfErrorMs } = lives;
  return cacheControl({
    maxAgeMs: lifeMs,
    visibility: shared ? undefined : 'private',
    staleWhileRevalidateMs: staleWhileRevalidateMs === 0 ? undefined : staleWhileRevalidateMs,
    staleIfErrorMs: staleIfErrorMs === 0 ? undefined : staleIfErrorMs,
  });
}

/** What goes into `Vary`, said or not. */
function selecting<R>(added: readonly HeaderPair[], { options }: HeaderFacts<R>): readonly string[] {
  const tellsLife = options.cacheControl === undefined && added.some(([name]) => name === 'cache-control');
  return tellsLife ? [...new Set([...options.vary, ...options.credentialHeaders])] : options.vary;
}

function unsaidVary(response: HandlerResponse, always: readonly string[]): HeaderPair[] | undefined {
  const field = response.header('vary');
  const said = namesIn(field);
  const unsaid = always.filter((name) => !said.includes(name));
  if (unsaid.length === 0) return undefined;
  return [['vary', [...(field === undefined || field === '' ? [] : [field]), ...unsaid].join(', ')]];
}
