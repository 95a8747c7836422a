import { InvalidInputError } from './errors.ts';
import { isUuid } from './ids.ts';
import {
  accessOrigins,
  type AccessEvent,
  type AccessEventDraft,
  type ItemDraft,
  type ItemPatch,
} from './model.ts';

/** What the service takes. Bytes are those of UTF-8. */
export const limits = {
  maxTitleCharacters: 512,
  maxBodyBytes: 65_536,
  maxTags: 32,
  maxTagCharacters: 64,
  maxLinks: 256,
  maxSourceCharacters: 512,
  maxQueryCharacters: 512,
  maxTextBytes: 8_192,
  maxPage: 100,
  maxBatch: 200,
  maxEvents: 100,
  /** How far a client's clock may run ahead. */
  maxAheadMs: 300_000,
} as const;

// All control characters but tab and line feed. Postgres cannot store NUL, and two others mark highlights.
// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** Text as it is stored: well-formed, composed (NFC), line ends as `\n`, no control characters. */
export const normalised = (text: string): string =>
  text.toWellFormed().normalize('NFC').replaceAll('\r\n', '\n').replace(controls, '');

/** What a stored item needs from a draft, normalised. */
export interface CheckedDraft {
  readonly kind: string;
  readonly title: string;
  readonly body: string;
  readonly tags: readonly string[];
  readonly links: readonly string[];
  readonly source: string | undefined;
}

/** @throws {InvalidInputError} naming the first field outside the limits. */
export function checkedDraft(draft: ItemDraft): CheckedDraft {
  return {
    kind: checkedKind(draft.kind ?? 'note'),
    title: characters('title', draft.title, limits.maxTitleCharacters),
    body: bytes('body', draft.body ?? '', limits.maxBodyBytes),
    tags: checkedTags(draft.tags ?? []),
    links: checkedLinks(draft.links ?? []),
    source:
      draft.source === undefined ? undefined : characters('source', draft.source, limits.maxSourceCharacters),
  };
}

/** Only the fields that the patch has. @throws {InvalidInputError} naming the first field outside the limits. */
export function checkedPatch(patch: ItemPatch): Partial<CheckedDraft> {
  const { kind, title, body, tags, links } = patch;
  return {
    ...(kind !== undefined && { kind: checkedKind(kind) }),
    ...(title !== undefined && { title: characters('title', title, limits.maxTitleCharacters) }),
    ...(body !== undefined && { body: bytes('body', body, limits.maxBodyBytes) }),
    ...(tags !== undefined && { tags: checkedTags(tags) }),
    ...(links !== undefined && { links: checkedLinks(links) }),
  };
}

/** @throws {InvalidInputError} for an event that is malformed or in the future. */
export function checkedEvent(draft: AccessEventDraft, nowEpochMs: number): AccessEvent {
  const { eventId, itemId, at = nowEpochMs, origin = 'open', session = '' } = draft;
  if (!/^[\w.:-]{1,64}$/.test(eventId))
    throw new InvalidInputError('eventId', '1 to 64 letters, digits or _ . : -');
  if (!isUuid(itemId)) throw new InvalidInputError('itemId', 'a UUID');
  if (!Number.isSafeInteger(at) || at < 0 || at > nowEpochMs + limits.maxAheadMs)
    throw new InvalidInputError('at', 'milliseconds since 1970, not in the future');
  if (!accessOrigins.includes(origin))
    throw new InvalidInputError('origin', `one of ${accessOrigins.join(', ')}`);
  if (!/^[\w.:-]{0,64}$/.test(session))
    throw new InvalidInputError('session', 'up to 64 letters, digits or _ . : -');
  return { eventId, itemId, at, origin, session };
}

/** A page length: `value`, or `fallback` without one. @throws {InvalidInputError} if it is not from 1 to 100. */
export function checkedLimit(value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value >= 1 && value <= limits.maxPage) return value;
  throw new InvalidInputError('limit', `a whole number from 1 to ${limits.maxPage}`);
}

/** Normalised text of 1 to `max` characters that are not all space. */
export function characters(field: string, value: string, max: number): string {
  const text = normalised(value).trim();
  if (text.length > 0 && text.length <= max) return text;
  throw new InvalidInputError(field, `text of 1 to ${max} characters`);
}

/** Normalised text of at most `max` bytes. */
export function bytes(field: string, value: string, max: number): string {
  const text = normalised(value);
  if (Buffer.byteLength(text) <= max) return text;
  throw new InvalidInputError(field, `text of at most ${max} bytes`);
}

function checkedKind(kind: string): string {
  if (/^[a-z][a-z\d-]{0,31}$/.test(kind)) return kind;
  throw new InvalidInputError('kind', 'up to 32 lower-case letters, digits or -');
}

function checkedTags(tags: readonly string[]): readonly string[] {
  if (tags.length > limits.maxTags) throw new InvalidInputError('tags', `at most ${limits.maxTags}`);
  return [...new Set(tags.map((tag) => characters('tags', tag, limits.maxTagCharacters).toLowerCase()))];
}

function checkedLinks(links: readonly string[]): readonly string[] {
  if (links.length > limits.maxLinks) throw new InvalidInputError('links', `at most ${limits.maxLinks}`);
  return [...new Set(links.map((link) => characters('links', link, limits.maxSourceCharacters)))];
}
