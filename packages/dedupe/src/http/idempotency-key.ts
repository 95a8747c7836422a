/** A string of RFC 8941 section 3.3.3, with parameters, which mean nothing here. */
const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"\s*(?:;.*)?$/;

/** What clients send that do not follow the draft: a token or UUID without quotes. */
const bare = /^[\w!#$%&'*+\-.^`|~:/=@]+$/;

/**
 * The key in a header field `Idempotency-Key`, quoted or not; `undefined` if it has none, more than one, or one that is
 * empty or longer than `maxLength` characters.
 *
 * @see draft-ietf-httpapi-idempotency-key-header-07, section 2.1
 */
export function parseIdempotencyKey(field: string, maxLength: number): string | undefined {
  const key = quoted.exec(field)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? bare.exec(field)?.[0];
  return key === undefined || key === '' || key.length > maxLength ? undefined : key;
}
