export type HeaderValue = string | readonly string[];

/** A complete response, as it is given to others than the client that caused it. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: HeaderValue])[];
  readonly body: Uint8Array;
}

/** Headers as Node.js has them. */
export type HeaderRecord = Readonly<Record<string, number | string | readonly string[] | undefined>>;

/** Fields of one connection or one moment, which every response gets anew. @see RFC 9110 section 7.6.1 */
const ownToEach: ReadonlySet<string> = new Set([
  'connection',
  'date',
  'keep-alive',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The headers that a handler has set. Those that were there before it ran, `outer`, are set for every request, and are
 * about the one client.
 */
export function handlerHeaders(all: HeaderRecord, outer: HeaderRecord): Answer['headers'] {
  return Object.entries(all).flatMap(([name, value]) => {
    if (value === undefined || ownToEach.has(name) || String(outer[name]) === String(value)) return [];
    return [[name, typeof value === 'number' ? String(value) : value] as const];
  });
}

/** The value of a field, its lines joined. @param name - In lower case. */
export function headerOf({ headers }: Answer, name: string): string | undefined {
  const value = headers.find(([each]) => each === name)?.[1];
  return value === undefined || typeof value === 'string' ? value : value.join(', ');
}

/** The members of a field that lists names, in lower case. */
export function namesIn(field: string | undefined): readonly string[] {
  const names = (field ?? '').split(',').map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '');
}
