import { listsEntity } from './etag.ts';
import { fieldOf, type HeaderSource } from './header-source.ts';
import { parseHttpDate } from './http-date.ts';

/** What tells one version of a response from another. */
export interface Validators {
  /** Entity tag with its quotes, as `etagOf` gives it. */
  readonly etag?: string | undefined;
  /** When the content changed last, as a `Date` or as the text of `Last-Modified`. */
  readonly lastModified?: Date | string | undefined;
}

/** The conditions under which a client wants no body, as it sent them. */
export interface Conditions {
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
}

/**
 * Whether the answer to a GET or HEAD is 304, because the client has the current version.
 *
 * `If-None-Match` decides alone where it is given, by weak comparison; `*` matches whatever there is.
 * `If-Modified-Since` counts to the second, and only if it is a date of HTTP.
 *
 * Ask only where the answer would otherwise be 2xx.
 *
 * @see RFC 9110 sections 13.1.2, 13.1.3 and 13.2.2
 */
export function isNotModified(requestHeaders: HeaderSource, validators: Validators): boolean {
  const ifNoneMatch = fieldOf(requestHeaders, 'if-none-match');
  const ifModifiedSince = fieldOf(requestHeaders, 'if-modified-since');
  return meets({ ifNoneMatch, ifModifiedSince }, validators);
}

export function meets({ ifNoneMatch, ifModifiedSince }: Conditions, validators: Validators): boolean {
  const { etag, lastModified } = validators;
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() === '*') return true;
    return etag !== undefined && listsEntity(ifNoneMatch, etag);
  }
  if (ifModifiedSince === undefined || lastModified === undefined) return false;
  const since = parseHttpDate(ifModifiedSince);
  const changedAt = typeof lastModified === 'string' ? parseHttpDate(lastModified) : lastModified.getTime();
  return since !== undefined && changedAt !== undefined && Math.floor(changedAt / 1_000) * 1_000 <= since;
}
