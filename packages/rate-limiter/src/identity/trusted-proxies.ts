import { InvalidOptionError, wholeNumber } from '@holdfast/core';
import { AddressRange } from './address-range.ts';
import { parseAddress } from './ip-address.ts';

/**
 * Which proxies may tell whom they speak for: how many stand in front of the service, the ranges of their addresses,
 * or none. Trusting everybody is not offered: each caller could then forge an address.
 */
export type TrustedProxies = number | readonly string[] | 'none';

/** Who calls, seen through the proxies that are trusted, and what is odd about it. */
export interface Origin {
  /** As it was told; `undefined` if a trusted proxy told none. */
  readonly address: string | undefined;
  readonly oddity?: 'forwarding-ignored' | 'chain-too-short';
}

/** Finds the caller in a chain of hops, each as told by the next, beginning with the nearest. */
export type ProxyTrust = (peer: string | undefined, hops: readonly string[]) => Origin;

/** @throws {InvalidOptionError} on anything else, `true` among it. */
export function proxyTrust(trusted: TrustedProxies): ProxyTrust {
  if (trusted === 'none') return trustNobody;
  if (typeof trusted === 'number') return trustCount(wholeNumber('trustedProxies', trusted, 1, 32));
  if (Array.isArray(trusted) && trusted.length > 0)
    return trustRanges(trusted.map((range: string) => new AddressRange('trustedProxies', range)));
  throw new InvalidOptionError(
    'trustedProxies',
    "a number of proxies, an array of ranges or 'none'",
    trusted,
  );
}

const trustNobody: ProxyTrust = (peer, hops) => ignoring(peer, hops);

function ignoring(peer: string | undefined, hops: readonly string[]): Origin {
  return hops.length > 0 ? { address: peer, oddity: 'forwarding-ignored' } : { address: peer };
}

/** Whoever the peer is, the last `count` hops are proxies. A shorter chain came past some of them. */
function trustCount(count: number): ProxyTrust {
  return (peer, hops) => {
    if (hops.length >= count) return { address: hops[count - 1] };
    return { address: hops.at(-1) ?? peer, oddity: 'chain-too-short' };
  };
}

/** Goes on from hop to hop while they are trusted. A peer that is not is the caller, whatever it claims. */
function trustRanges(ranges: readonly AddressRange[]): ProxyTrust {
  const trusts = (hop: string | undefined): boolean => {
    const groups = parseAddress(hop);
    return groups !== undefined && ranges.some((range) => range.has(groups));
  };
  return (peer, hops) => {
    if (!trusts(peer)) return ignoring(peer, hops);
    const address = hops.find((hop) => !trusts(hop)) ?? hops.at(-1) ?? peer;
    return { address };
  };
}
