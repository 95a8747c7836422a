import { addressKey } from '@holdfast/rate-limiter/identity';
import { describe, expect, it } from 'vitest';

describe('addressKey', () => {
  it.each([
    ['an IPv4 address', '1.2.3.4', '1.2.3.4'],
    ['a mapped one', '::ffff:1.2.3.4', '1.2.3.4'],
    ['a mapped one in hexadecimal', '::ffff:102:304', '1.2.3.4'],
    ['a mapped one at full length', '0000:0000:0000:0000:0000:FFFF:0102:0304', '1.2.3.4'],
    ['a compatible one', '::1.2.3.4', '1.2.3.4'],
    ['one behind NAT64', '64:ff9b::1.2.3.4', '1.2.3.4'],
    ['one behind NAT64 in hexadecimal', '64:ff9b::102:304', '1.2.3.4'],
    ['an IPv6 address', '123:4567:89ab:cdef:1:2:3:4', '123:4567:89ab:cd00::/56'],
    ['one with leading zeros', '0123:4567:89ab:cdef:0001:0002:0003:0004', '123:4567:89ab:cd00::/56'],
    ['one that only looks dotted', '2001:db8:1234:5678::1.2.3.4', '2001:db8:1234:5600::/56'],
    ['one with a local prefix of NAT64', '64:ff9b:1::1.2.3.4', '64:ff9b:1::/56'],
    ['one in capitals', '2001:DB8:ABCD:EF01::', '2001:db8:abcd:ef00::/56'],
    ['the loopback address', '::1', '::1'],
    ['the unspecified address', '::', '::'],
    ['a zone', 'fe80::1%eth0', 'fe80::/56'],
    ['brackets and a port', '[2001:db8::1]:443', '2001:db8::/56'],
    ['brackets', '[2001:db8::1]', '2001:db8::/56'],
    ['a zone in brackets', '[fe80::1%25eth0]:80', 'fe80::/56'],
    ['a port', '1.2.3.4:5678', '1.2.3.4'],
    ['spaces around', ' 1.2.3.4 ', '1.2.3.4'],
  ])('tells the caller by %s', (_, address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it.each([
    'unknown',
    '',
    '_hidden',
    '1.2.3',
    '01.2.3.4',
    '1.2.3.256',
    '1:2:3',
    ':::',
    '[::1',
    '1.2.3.4, 5.6.7.8',
    '::1'.padStart(200, ' '),
    undefined,
  ])('puts %j, which is no address, under one key', (address) => {
    expect(addressKey(address)).toBe('invalid');
  });

  it.each([
    [32, '2001:db8::/32'],
    [48, '2001:db8:1234::/48'],
    [60, '2001:db8:1234:5670::/60'],
    [64, '2001:db8:1234:5678::/64'],
    [128, '2001:db8:1234:5678:9:a:b:c'],
  ])('keeps %i bits of an IPv6 address', (ipv6PrefixLength, key) => {
    expect(addressKey('2001:db8:1234:5678:9:a:b:c', { ipv6PrefixLength })).toBe(key);
    expect(addressKey('1.2.3.4', { ipv6PrefixLength })).toBe('1.2.3.4');
  });

  it.each([31, 65, 127, 129, 56.5, Number.NaN, '56'])('refuses a prefix length of %j', (length) => {
    expect(() => addressKey('::1', { ipv6PrefixLength: length as number })).toThrow(
      'ipv6PrefixLength must be a whole number from 32 to 64, or 128',
    );
  });
});
