export type HeaderValue = string | readonly string[];

/** A header field: its name in lower case, and its value or the values of its lines. */
export type HeaderPair = readonly [name: string, value: HeaderValue];

/** Headers as Node.js has them. */
export type HeaderRecord = Readonly<Record<string, number | string | readonly string[] | undefined>>;

/** What a handler answered, its body complete. */
export class HandlerResponse {
  readonly status: number;
  readonly headers: readonly HeaderPair[];
  readonly body: string | Uint8Array;
  readonly #outer: HeaderRecord;

  /** @param outer - Headers that were set before the handler ran: whoever set them sets them for every request. */
  constructor(
    status: number,
    headers: readonly HeaderPair[],
    body: string | Uint8Array,
    outer: HeaderRecord = {},
  ) {
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.#outer = outer;
  }

  /** The value of a field, its lines joined. @param name - In lower case. */
  header(name: string): string | undefined {
    const value = this.headers.find(([each]) => each === name)?.[1];
    return value === undefined ? undefined : joined(value);
  }

  /** The headers that the handler itself has set or changed. */
  get own(): readonly HeaderPair[] {
    return this.headers.filter(([name, value]) => {
      const before = this.#outer[name];
      return before === undefined || joined(textOf(before)) !== joined(value);
    });
  }
}

/** What Node.js gives, in pairs. */
export function pairsOf(headers: HeaderRecord): HeaderPair[] {
  const pairs: HeaderPair[] = [];
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) pairs.push([name.toLowerCase(), textOf(value)]);
  return pairs;
}

/** The members of a field that lists names, in lower case. */
export function namesIn(field: string | undefined): readonly string[] {
  const names = (field ?? '').split(',').map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '');
}

export function joined(value: HeaderValue): string {
  return typeof value === 'string' ? value : value.join(', ');
}

function textOf(value: number | HeaderValue): HeaderValue {
  return typeof value === 'number' ? String(value) : value;
}
