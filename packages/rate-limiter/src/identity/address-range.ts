import { InvalidOptionError } from '@holdfast/core';
import { type AddressGroups, isMapped, parseAddress, sharesPrefix } from './ip-address.ts';

/** The addresses that begin with the same bits: `10.0.0.0/8`, `2001:db8::/32`, or one address. */
export class AddressRange {
  readonly #groups: AddressGroups;
  /** Of 128; those of IPv4 begin after the first 96. */
  readonly #bits: number;

  /** @throws {InvalidOptionError} naming `option`, if the text is not a range. */
  constructor(option: string, text: string) {
    const [, address, prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const groups = parseAddress(address);
    const width = groups !== undefined && isMapped(groups) && !address?.includes(':') ? 32 : 128;
    const bits = prefix === undefined ? width : Number(prefix);
    if (groups === undefined || bits > width)
      throw new InvalidOptionError(option, 'ranges such as 10.0.0.0/8 or 2001:db8::/32', text);
    this.#groups = groups;
    this.#bits = 128 - width + bits;
  }

  has(address: AddressGroups): boolean {
    return sharesPrefix(this.#groups, address, this.#bits);
  }
}
