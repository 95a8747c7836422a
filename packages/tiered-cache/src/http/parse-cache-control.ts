/** What a `Cache-Control` field says, of a request or of a response. Lives are in milliseconds. */
export interface CacheDirectives {
  readonly noStore: boolean;
  /** Also where it names fields: to leave them out and keep the rest is not worth the risk. */
  readonly noCache: boolean;
  readonly noTransform: boolean;
  readonly public: boolean;
  /** Also where it names fields. */
  readonly private: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly immutable: boolean;
  readonly onlyIfCached: boolean;
  readonly maxAgeMs: number | undefined;
  readonly sharedMaxAgeMs: number | undefined;
  readonly staleWhileRevalidateMs: number | undefined;
  readonly staleIfErrorMs: number | undefined;
  readonly minFreshMs: number | undefined;
  /** `Infinity` where the request takes any age. */
  readonly maxStaleMs: number | undefined;
}

const maxLength = 8_192;
const maxDirectives = 64;

/** A name, and a value in quotes or without. What else stands before the next comma is passed over. */
const directive = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?[^,]*/y;
/** Apart from the directive: where none follows, together they would try each separator again. */
const separators = /[\s,]*/y;
const nextComma = /[^,]*,?/y;

/**
 * Reads a `Cache-Control` field. Unknown directives and what is no directive are passed over; of a directive that is
 * there twice the first counts. A number that is none counts as 0, because a life that cannot be read is none.
 *
 * Reads 8,192 characters and 64 directives. A longer field counts as `no-store`: the rest might have said so.
 *
 * @see RFC 9111 sections 4.2.1 and 5.2
 */
export function parseCacheControl(field: string | undefined): CacheDirectives {
  const said = directivesOf(field ?? '');
  const has = (name: string): boolean => said?.has(name) === true;
  const ms = (name: string): number | undefined => secondsOf(said?.get(name));
  const anyAge = said?.get('max-stale') === '' ? Infinity : ms('max-stale');
  return {
    noStore: said === undefined || has('no-store'),
    noCache: has('no-cache'),
    noTransform: has('no-transform'),
    public: has('public'),
    private: has('private'),
    mustRevalidate: has('must-revalidate'),
    proxyRevalidate: has('proxy-revalidate'),
    immutable: has('immutable'),
    onlyIfCached: has('only-if-cached'),
    maxAgeMs: ms('max-age'),
    sharedMaxAgeMs: ms('s-maxage'),
    staleWhileRevalidateMs: ms('stale-while-revalidate'),
    staleIfErrorMs: ms('stale-if-error'),
    minFreshMs: ms('min-fresh'),
    maxStaleMs: anyAge,
  };
}

/** The directives by their names in lower case; `undefined` if there are too many to read. */
function directivesOf(field: string): ReadonlyMap<string, string> | undefined {
  if (field.length > maxLength) return undefined;
  const said = new Map<string, string>();
  for (let at = after(separators, field, 0); at < field.length; at = after(separators, field, at)) {
    directive.lastIndex = at;
    const match = directive.exec(field) ?? undefined;
    at = match === undefined ? after(nextComma, field, at) : directive.lastIndex;
    if (match === undefined) continue;
    const name = String(match[1]).toLowerCase();
    if (!said.has(name)) said.set(name, match[2] ?? match[3] ?? '');
    if (said.size > maxDirectives) return undefined;
  }
  return said;
}

/** Where what is found at `at` ends. */
function after(found: RegExp, field: string, at: number): number {
  found.lastIndex = at;
  found.test(field);
  return found.lastIndex;
}

function secondsOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? Math.min(2 ** 31, Number(value)) * 1_000 : 0;
}
