import { callable, EventHub, object, oneOf } from '@holdfast/core';
import { fieldOf, type HeaderSource } from '../http/header-source.ts';
import { addressKey, checkPrefixLength } from './address-key.ts';
import { type ForwardingHeader, hopsOf } from './forwarded-chain.ts';
import { checkSecret, hashSubject } from './hash-subject.ts';
import { KeyShare } from './key-share.ts';
import { type Origin, type ProxyTrust, proxyTrust, type TrustedProxies } from './trusted-proxies.ts';

/** A request of Node.js, Express or Fastify, or what stands for one. */
export interface AddressedRequest {
  readonly headers: HeaderSource;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

export interface ClientAddressOptions {
  /** Who may tell whom it speaks for. No default: only the operator knows. */
  readonly trustedProxies: TrustedProxies;

  /** The header that the trusted proxies set; the other one comes from the caller. Defaults to `'x-forwarded-for'`. */
  readonly header?: ForwardingHeader | undefined;
}

/** Something about the callers that is likely to be a wrong setting. */
export interface IdentityDiagnostic {
  readonly code: 'forwarding-ignored' | 'chain-too-short' | 'shared-by-most-calls' | 'whole-ipv6-addresses';
  readonly message: string;
}

export interface ClientIdentityOptions extends ClientAddressOptions {
  /** See {@link addressKey}. Defaults to 56. */
  readonly ipv6PrefixLength?: number | undefined;

  /** Makes keys hashes, as {@link hashSubject} does with this secret. At least 16 characters. Defaults to no hash. */
  readonly hashSecret?: string | undefined;

  /** Told each cause once; one that throws does no harm to the request. Defaults to nobody. */
  readonly onDiagnostic?: ((diagnostic: IdentityDiagnostic) => void) | undefined;
}

const messages: Readonly<Record<IdentityDiagnostic['code'], string>> = {
  'forwarding-ignored':
    'a request carries a forwarding header, but its peer is not trusted: behind a proxy, name it in trustedProxies',
  'chain-too-short':
    'a request came through fewer proxies than trustedProxies says: the service can be reached past them, so callers may forge their address',
  'shared-by-most-calls':
    'more than 90 % of 1000 requests have the same key: behind a proxy, name it in trustedProxies',
  'whole-ipv6-addresses':
    'ipv6PrefixLength of 128 makes each of the 2⁶⁴ addresses of a network a caller of its own',
};

/**
 * Tells callers apart by address.
 *
 * Invariants: without a trusted proxy in between, nothing that a caller sends changes the caller's key; what is no address has
 * one key for all; each diagnostic is told once.
 */
export class ClientIdentity {
  readonly #header: ForwardingHeader;
  readonly #trust: ProxyTrust;
  readonly #keyOptions: { readonly ipv6PrefixLength: number };
  readonly #hashSecret: string | undefined;
  readonly #hub = new EventHub<IdentityDiagnostic>();
  readonly #told = new Set<IdentityDiagnostic['code']>();
  readonly #share = new KeyShare();

  /** @throws {InvalidOptionError} on a wrong option; `trustedProxies: true` is one. */
  constructor(options: ClientIdentityOptions) {
    object('options', options);
    this.#trust = proxyTrust(options.trustedProxies);
    this.#header = oneOf('header', options.header ?? 'x-forwarded-for', ['x-forwarded-for', 'forwarded']);
    this.#keyOptions = { ipv6PrefixLength: checkPrefixLength(options.ipv6PrefixLength) };
    const { hashSecret } = options;
    this.#hashSecret = hashSecret === undefined ? undefined : checkSecret('hashSecret', hashSecret);
    if (options.onDiagnostic !== undefined)
      this.#hub.subscribe(callable('onDiagnostic', options.onDiagnostic));
    if (options.ipv6PrefixLength === 128) this.#tell('whole-ipv6-addresses');
  }

  /** The caller's address as it was told, or `undefined` if a trusted proxy told none. */
  addressOf(request: AddressedRequest): string | undefined {
    const { address, oddity } = this.#originOf(request);
    if (oddity !== undefined) this.#tell(oddity);
    return address;
  }

  /** The subject to limit, as {@link addressKey} makes it of the address. */
  keyOf(request: AddressedRequest): string {
    const key = addressKey(this.addressOf(request), this.#keyOptions);
    if (this.#share.record(key)) this.#tell('shared-by-most-calls');
    return this.#hashSecret === undefined ? key : hashSubject(key, this.#hashSecret);
  }

  #originOf({ headers, socket }: AddressedRequest): Origin {
    const field = fieldOf(headers, this.#header);
    return this.#trust(socket.remoteAddress, field === undefined ? [] : hopsOf(this.#header, field));
  }

  #tell(code: IdentityDiagnostic['code']): void {
    if (!this.#hub.observed || this.#told.has(code)) return;
    this.#told.add(code);
    this.#hub.emit({ code, message: messages[code] });
  }
}

/**
 * The address of a request's caller, for one that is not asked for again; {@link ClientIdentity} checks its options once.
 *
 * @throws {InvalidOptionError} on a wrong option; `trustedProxies: true` is one.
 */
export function clientAddress(request: AddressedRequest, options: ClientAddressOptions): string | undefined {
  return new ClientIdentity(options).addressOf(request);
}
