import { addressKey } from '@holdfast/rate-limiter/identity';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const groups = fc.array(fc.integer({ min: 0, max: 0xff_ff }), { minLength: 8, maxLength: 8 });
const hex = (each: readonly number[]): string => each.map((group) => group.toString(16)).join(':');
/** As a URL writes a host, which RFC 5952 agrees with: a second opinion of other make. */
const canonical = (address: string): string => new URL(`http://[${address}]`).hostname.slice(1, -1);

describe('addressKey', () => {
  it('writes an address as the platform does', () => {
    fc.assert(
      fc.property(groups, (address) => {
        fc.pre(address.slice(0, 6).some((group, index) => group !== 0 && (index !== 5 || group !== 0xff_ff)));
        expect(addressKey(hex(address), { ipv6PrefixLength: 128 })).toBe(canonical(hex(address)));
      }),
    );
  });

  it('gives all addresses of a network one key, and other networks others', () => {
    fc.assert(
      fc.property(groups, groups, fc.integer({ min: 32, max: 64 }), (one, other, ipv6PrefixLength) => {
        fc.pre((one[0] as number) > 0xff);
        const bits = (address: readonly number[]): string =>
          address
            .map((group) => group.toString(2).padStart(16, '0'))
            .join('')
            .slice(0, ipv6PrefixLength);
        const moved = [...one.slice(0, 4), ...other.slice(4)];

        const key = addressKey(hex(one), { ipv6PrefixLength });

        expect(addressKey(hex(moved), { ipv6PrefixLength }) === key).toBe(bits(moved) === bits(one));
        expect(addressKey(hex(other), { ipv6PrefixLength }) === key).toBe(bits(other) === bits(one));
      }),
    );
  });

  it('makes of any text one of at most 45 characters', () => {
    const pieces = fc.array(fc.constantFrom(':', '::', '.', '%', '[', ']', '1', 'ffff', 'fe80', '127', ' '));

    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((each) => each.join('')),
        ),
        (text) => {
          const key = addressKey(text);

          expect(key.length).toBeLessThanOrEqual(45);
          expect(addressKey(key.replace(/\/56$/, ''))).toBe(key);
        },
      ),
    );
  });
});
