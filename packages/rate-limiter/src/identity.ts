/**
 * Who is calling: addresses seen through proxies, and the subjects made of them.
 *
 * @module
 */
export { addressKey, type AddressKeyOptions, invalidAddressKey } from './identity/address-key.ts';
export {
  type AddressedRequest,
  clientAddress,
  type ClientAddressOptions,
  ClientIdentity,
  type ClientIdentityOptions,
  type IdentityDiagnostic,
} from './identity/client-identity.ts';
export type { ForwardingHeader } from './identity/forwarded-chain.ts';
export { hashSubject } from './identity/hash-subject.ts';
export type { TrustedProxies } from './identity/trusted-proxies.ts';
