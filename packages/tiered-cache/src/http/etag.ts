import { hash } from 'node:crypto';

export interface EtagOptions {
  /** Says that bodies may differ in bytes and mean the same. Defaults to `false`: equal byte for byte. */
  readonly weak?: boolean | undefined;
}

/** Characters that are kept of the digest: 132 bits. */
const tagLength = 22;

const entityTags = /(?:W\/)?"[!#-~\u{80}-\u{FF}]*"/gu;

/**
 * An entity tag for a body: the first 132 bits of its SHA-256 in base64url, in quotes. Equal bodies have equal tags, in
 * every process; a string counts as its UTF-8.
 *
 * Strong unless asked otherwise. Ask for a weak one where something after this code changes the bytes, such as a
 * middleware that compresses.
 *
 * @see RFC 9110 section 8.8.3
 */
export function etagOf(body: string | Uint8Array, options?: EtagOptions): string {
  const tag = `"${hash('sha256', body, 'base64url').slice(0, tagLength)}"`;
  return options?.weak === true ? `W/${tag}` : tag;
}

/**
 * Whether a list of entity tags, as in `If-None-Match`, holds this one by weak comparison: `W/` makes no difference.
 * What is not an entity tag is passed over.
 *
 * @see RFC 9110 section 8.8.3.2
 */
export function listsEntity(list: string, etag: string): boolean {
  const opaque = opaqueTag(etag);
  return list.match(entityTags)?.some((member) => opaqueTag(member) === opaque) === true;
}

function opaqueTag(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag;
}
