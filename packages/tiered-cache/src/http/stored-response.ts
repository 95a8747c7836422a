import { isUtf8 } from 'node:buffer';

import type { HeaderPair } from './handler-response.ts';

/** Tells our entries from others, and from those of another form. */
const format = 'http/1';

/** A response as it is kept: plain JSON, so that every codec keeps it as it is. Instants are since 1970. */
export interface StoredResponse {
  readonly format: typeof format;
  readonly status: number;
  readonly headers: readonly HeaderPair[];
  /** Names of those of the headers that the handler has not set. */
  readonly added: readonly string[];
  readonly body: string;
  /** How `body` stands for the bytes. */
  readonly encoding: 'utf8' | 'base64';
  readonly bodyBytes: number;
  readonly etag: string | undefined;
  readonly lastModified: string;
  /** Request headers that ask the handler whether this is still current; none if it gave no validators. */
  readonly conditions: readonly HeaderPair[];
  /** When it was made; earlier than it was stored, if it had come through another cache. */
  readonly generatedAt: number;
  readonly storedAt: number;
  /** How long it is fresh, from `generatedAt` on. */
  readonly lifeMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** The handler called it `public`. */
  readonly public: boolean;
  /** Request headers that select it, beside those of the option `vary`. */
  readonly vary: readonly string[];
  /** What the request had in them, hashed. */
  readonly selection: string;
}

/** A response before it has a form. */
export type UnformattedResponse = Omit<StoredResponse, 'format' | 'body' | 'encoding' | 'bodyBytes'>;

/** Text stays text: it needs no decoding when it is sent. */
export function stored(response: UnformattedResponse, body: string | Uint8Array): StoredResponse {
  return { format, ...response, ...bodyOf(body) };
}

/** What a cache gave, if it is a response of ours. */
export function storedIn(value: unknown): StoredResponse | undefined {
  const held = value as { readonly format?: unknown } | null | undefined;
  return held?.format === format ? (held as StoredResponse) : undefined;
}

/** The body to send: text, or bytes. */
export function contentOf({ body, encoding }: StoredResponse): string | Buffer {
  return encoding === 'utf8' ? body : Buffer.from(body, encoding);
}

/** How long it has been stale, in milliseconds; negative while it is fresh. */
export function stalenessMs({ generatedAt, lifeMs }: StoredResponse, now: number): number {
  return now - generatedAt - lifeMs;
}

function bodyOf(body: string | Uint8Array): Pick<StoredResponse, 'body' | 'encoding' | 'bodyBytes'> {
  if (typeof body === 'string') return { body, encoding: 'utf8', bodyBytes: Buffer.byteLength(body) };
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const encoding = isUtf8(bytes) ? 'utf8' : 'base64';
  return { body: bytes.toString(encoding), encoding, bodyBytes: bytes.length };
}
