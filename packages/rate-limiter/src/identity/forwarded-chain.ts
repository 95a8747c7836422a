/** The header in which the proxies tell whom they speak for. */
export type ForwardingHeader = 'x-forwarded-for' | 'forwarded';

/** Proxies that a chain is followed through; the rest of a longer one is what the caller wrote. */
const longestChain = 64;
const unknownHop = '';

const members = /(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g;
const pairs = /(?:[^";]|"(?:[^"\\]|\\.)*"?)+/g;
/** A parameter. Values that should be quoted, as `[::1]:80`, often are not. */
const parameter = /^\s*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))\s*$/;

/**
 * Whom each proxy says it speaks for, the last proxy's word first. A hop that names no address, as `unknown` or an
 * obfuscated name does, stays in as what it is.
 *
 * A malformed member of `Forwarded` is a hop that names nobody, none of it is believed: with a quote left open, a
 * caller could hide what the proxy added behind text of the caller's own.
 *
 * @see RFC 7239 for `Forwarded`
 */
export function hopsOf(header: ForwardingHeader, field: string): string[] {
  const hops =
    header === 'forwarded'
      ? (field.match(members) ?? []).map((member) => forwardedHop(member))
      : field.split(',').map((hop) => hop.trim());
  return hops.slice(-longestChain).toReversed();
}

/** What a member says after `for=`. */
function forwardedHop(member: string): string {
  let hop = unknownHop;
  for (const pair of member.match(pairs) ?? []) {
    const [whole, name, quoted, token] = parameter.exec(pair) ?? [];
    if (whole === undefined) return unknownHop;
    if (name?.toLowerCase() === 'for') hop = quoted?.replaceAll(/\\(.)/g, '$1') ?? token ?? unknownHop;
  }
  return hop;
}
