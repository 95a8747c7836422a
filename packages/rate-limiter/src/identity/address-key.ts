import { isIPv4 } from 'node:net';
import { InvalidOptionError } from '@holdfast/core';
import {
  type AddressGroups,
  isMapped,
  parseAddress,
  prefixOf,
  sharesPrefix,
  writeAddress,
  writeIPv4,
} from './ip-address.ts';

/** What everybody counts under whose address is none: one subject, not a fresh one for each text. */
export const invalidAddressKey = 'invalid';

export interface AddressKeyOptions {
  /**
   * How many bits of an IPv6 address tell one customer from another: a whole number from 32 to 64, or 128 for the
   * whole address, which lets anybody with a network be as many callers as they like. Defaults to 56. A second limit
   * over 48 bits, some times wider, holds back who moves through the networks of one site.
   */
  readonly ipv6PrefixLength?: number | undefined;
}

export const defaultPrefixLength = 56;

/** IPv4-compatible addresses of RFC 4291 section 2.5.5.1, which end in an IPv4 address. */
const compatibleRange: AddressGroups = [0, 0, 0, 0, 0, 0, 0, 0];
/** The well-known prefix of NAT64, RFC 6052 section 2.1: everybody behind it would share one network. */
const nat64Range: AddressGroups = [0x64, 0xff_9b, 0, 0, 0, 0, 0, 0];

/**
 * The subject to limit for an address: an IPv4 address itself, however it is written; of IPv6 the network.
 * `'invalid'` for what is no address.
 *
 * @throws {InvalidOptionError} on a prefix length out of range.
 */
export function addressKey(address: string | undefined, options: AddressKeyOptions = {}): string {
  const prefixLength = checkPrefixLength(options.ipv6PrefixLength);
  if (address !== undefined && isIPv4(address)) return address;
  const groups = parseAddress(address);
  return groups === undefined ? invalidAddressKey : keyOf(groups, prefixLength);
}

/** @throws {InvalidOptionError} unless it is from 32 to 64, or 128. */
export function checkPrefixLength(length: number = defaultPrefixLength): number {
  if (length === 128 || (Number.isInteger(length) && length >= 32 && length <= 64)) return length;
  throw new InvalidOptionError('ipv6PrefixLength', 'a whole number from 32 to 64, or 128', length);
}

function keyOf(groups: AddressGroups, prefixLength: number): string {
  // Decided by range and not by notation: `::ffff:102:304` is 1.2.3.4 too.
  if (isMapped(groups) || sharesPrefix(groups, nat64Range, 96)) return writeIPv4(groups);
  if (sharesPrefix(groups, compatibleRange, 96))
    return isOwn(groups) ? writeAddress(groups) : writeIPv4(groups);
  if (prefixLength === 128) return writeAddress(groups);
  return `${writeAddress(prefixOf(groups, prefixLength))}/${prefixLength}`;
}

/** `::` and `::1`, the machine itself. */
function isOwn(groups: AddressGroups): boolean {
  return groups[6] === 0 && (groups[7] as number) <= 1;
}
