import { writeBytes, writeString } from './structured-fields.ts';

/** One limit as a field tells it. */
export interface ToldLimit {
  readonly name: string;
  readonly limit: number;
  readonly windowSeconds: number;
  /** What is left of a limit that nobody used. */
  readonly capacity: number;
  readonly remaining: number;
  /** Over how long the rest should be spread; with none left, the wait for the next; `Infinity` for never. */
  readonly spanSeconds: number;
  readonly partitionKey: Uint8Array | undefined;
}

/** Header fields by name. */
export type HeaderFields = Record<string, string>;

/** How one family of fields is written. */
export interface HeaderWriter {
  /** Adds the policies that apply. */
  policies(fields: HeaderFields, told: readonly ToldLimit[]): void;
  /** Adds the rest of each limit; the first is the one that matters most. */
  quotas(fields: HeaderFields, told: readonly ToldLimit[], epochMs: number): void;
  /** Fields that are lists: what a second limiter tells is added to them. */
  readonly lists: readonly string[];
}

/** `X-RateLimit-Reset` has no common meaning: seconds from now for some clients, seconds since 1970 for others. */
export type HeaderFormat = 'draft-11' | 'draft-7' | 'draft-6' | 'x-ratelimit-delta' | 'x-ratelimit-epoch';

/** RFC 9651 fields of draft-ietf-httpapi-ratelimit-headers-08 to -11: lists of strings with parameters. */
const draft11: HeaderWriter = {
  lists: ['RateLimit-Policy', 'RateLimit'],
  policies(fields, told) {
    fields['RateLimit-Policy'] = told
      .map(({ name, limit, windowSeconds }) => `${writeString(name)};q=${limit};w=${windowSeconds}`)
      .join(', ');
  },
  quotas(fields, told) {
    fields['RateLimit'] = told.map(draft11Quota).join(', ');
  },
};

function draft11Quota({ name, remaining, spanSeconds, partitionKey }: ToldLimit): string {
  let item = `${writeString(name)};r=${remaining}`;
  if (spanSeconds !== Infinity) item += `;t=${spanSeconds}`;
  if (partitionKey !== undefined) item += `;pk=${writeBytes(partitionKey)}`;
  return item;
}

const integerPolicies: HeaderWriter['policies'] = (fields, told) => {
  fields['RateLimit-Policy'] = told
    .map(({ limit, windowSeconds }) => `${limit};w=${windowSeconds}`)
    .join(', ');
};

const draft7: HeaderWriter = {
  lists: ['RateLimit-Policy'],
  policies: integerPolicies,
  quotas(fields, [first]) {
    // The draft wants all three, so a limit that never lets the call pass is not told.
    if (first === undefined || first.spanSeconds === Infinity) return;
    const { limit, remaining, spanSeconds } = first;
    fields['RateLimit'] = `limit=${limit}, remaining=${remaining}, reset=${spanSeconds}`;
  },
};

const draft6: HeaderWriter = {
  lists: ['RateLimit-Policy'],
  policies: integerPolicies,
  quotas: (fields, [first]) => writeTriple(fields, 'RateLimit', first, first?.spanSeconds ?? 0),
};

const unannounced = (): void => undefined;

export const headerFormats: Readonly<Record<HeaderFormat, HeaderWriter>> = {
  'draft-11': draft11,
  'draft-7': draft7,
  'draft-6': draft6,
  'x-ratelimit-delta': {
    lists: [],
    policies: unannounced,
    quotas: (fields, [first]) => writeTriple(fields, 'X-RateLimit', first, first?.spanSeconds ?? 0),
  },
  'x-ratelimit-epoch': {
    lists: [],
    policies: unannounced,
    quotas: (fields, [first], epochMs) =>
      writeTriple(fields, 'X-RateLimit', first, Math.ceil(epochMs / 1_000 + (first?.spanSeconds ?? 0))),
  },
};

function writeTriple(fields: HeaderFields, prefix: string, told: ToldLimit | undefined, reset: number): void {
  if (told === undefined) return;
  fields[`${prefix}-Limit`] = String(told.limit);
  fields[`${prefix}-Remaining`] = String(told.remaining);
  if (reset !== Infinity) fields[`${prefix}-Reset`] = String(reset);
}
