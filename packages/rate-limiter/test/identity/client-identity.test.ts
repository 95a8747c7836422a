import {
  type AddressedRequest,
  clientAddress,
  ClientIdentity,
  hashSubject,
  type IdentityDiagnostic,
  type TrustedProxies,
} from '@holdfast/rate-limiter/identity';
import { describe, expect, it } from 'vitest';

const from = (
  remoteAddress: string | undefined,
  headers: AddressedRequest['headers'] = {},
): AddressedRequest => ({
  headers,
  socket: { remoteAddress },
});
const forwardedFor = (peer: string | undefined, field: string): AddressedRequest =>
  from(peer, { 'x-forwarded-for': field });

describe('clientAddress', () => {
  it.each<[string, TrustedProxies, AddressedRequest, string | undefined]>([
    ['the peer', 'none', from('9.9.9.9'), '9.9.9.9'],
    ['the peer, whatever it claims', 'none', forwardedFor('9.9.9.9', '1.1.1.1'), '9.9.9.9'],
    ['whom the only proxy speaks for', 1, forwardedFor('10.0.0.1', '1.1.1.1'), '1.1.1.1'],
    ['not whom the caller says he speaks for', 1, forwardedFor('10.0.0.1', '6.6.6.6, 1.1.1.1'), '1.1.1.1'],
    ['the caller behind two proxies', 2, forwardedFor('10.0.0.1', '6.6.6.6, 1.1.1.1,10.0.0.2'), '1.1.1.1'],
    ['the peer where a proxy was passed by', 1, from('9.9.9.9'), '9.9.9.9'],
    ['the first hop where one of two was passed by', 2, forwardedFor('10.0.0.1', '1.1.1.1'), '1.1.1.1'],
    ['the caller behind a proxy on a Unix socket', 1, forwardedFor(undefined, '1.1.1.1'), '1.1.1.1'],
    ['the peer, which is not of the range', ['10.0.0.0/8'], forwardedFor('9.9.9.9', '1.1.1.1'), '9.9.9.9'],
    [
      'the first that is not of the range',
      ['10.0.0.0/8'],
      forwardedFor('10.0.0.1', '6.6.6.6, 1.1.1.1, 10.2.3.4'),
      '1.1.1.1',
    ],
    [
      'the first of a chain all in the range',
      ['10.0.0.0/8'],
      forwardedFor('10.0.0.1', '10.9.9.9, 10.2.3.4'),
      '10.9.9.9',
    ],
    ['a peer written as IPv6', ['10.0.0.0/8'], forwardedFor('::ffff:10.0.0.1', '1.1.1.1'), '1.1.1.1'],
    ['a proxy given by address', ['2001:db8::1'], forwardedFor('2001:db8::1', '1.1.1.1'), '1.1.1.1'],
    ['a peer one off that address', ['2001:db8::1'], forwardedFor('2001:db8::2', '1.1.1.1'), '2001:db8::2'],
    ['the trusted peer itself', ['10.0.0.0/8'], from('10.0.0.1'), '10.0.0.1'],
    ['what a proxy could not name', ['10.0.0.0/8'], forwardedFor('10.0.0.1', '1.1.1.1, unknown'), 'unknown'],
    ['nobody', 'none', from(undefined), undefined],
  ])('is %s', (_, trustedProxies, request, address) => {
    expect(clientAddress(request, { trustedProxies })).toBe(address);
  });

  it.each([
    ['for=1.1.1.1', '1.1.1.1'],
    ['For="[2001:db8::1]:4711"', '[2001:db8::1]:4711'],
    ['for=6.6.6.6, proto=https;for=1.1.1.1;by=10.0.0.1', '1.1.1.1'],
    ['for="6.6.6.6, for=7.7.7.7", for=1.1.1.1', '1.1.1.1'],
    ['for=6.6.6.6;host="a,b\\";for=7.7.7.7", for="1.1.1.1:80"', '1.1.1.1:80'],
    ['for=6.6.6.6, for=_hidden', '_hidden'],
    ['for=6.6.6.6, proto=https', ''],
    ['for=6.6.6.6, for="1.1.1.1', ''],
    ['for=6.6.6.6, xfor=7.7.7.7', ''],
    ['for=6.6.6.6,host="a;for=7.7.7.7;b";for=1.1.1.1', '1.1.1.1'],
    ['for=6.6.6.6;x=", for=1.1.1.1', ''],
    ['for=6.6.6.6;x=", for="1.1.1.1:80"', ''],
    ['for=6.6.6.6;x="\\\\\\", for="1.1.1.1:80"', ''],
    ['for=6.6.6.6 for=7.7.7.7', ''],
    ['for=6.6.6.6 for=7.7.7.7, for=1.1.1.1', '1.1.1.1'],
  ])('reads the last member of the Forwarded header %j', (forwarded, address) => {
    const request = from('10.0.0.1', { forwarded, 'x-forwarded-for': '6.6.6.6' });

    expect(clientAddress(request, { trustedProxies: 1, header: 'forwarded' })).toBe(address);
  });

  it('reads the headers of fetch, and several lines', () => {
    const headers = new Headers([
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-For', '1.1.1.1'],
    ]);

    expect(clientAddress(from('10.0.0.1', headers), { trustedProxies: 1 })).toBe('1.1.1.1');
    expect(
      clientAddress(from('10.0.0.1', { 'X-Forwarded-For': ['6.6.6.6', '1.1.1.1'] }), { trustedProxies: 1 }),
    ).toBe('1.1.1.1');
  });

  it.each([true, false, 0, 33, 1.5, [], 'all', undefined, ['10.0.0.0/33'], ['10.0.0.0/'], ['proxy'], [true]])(
    'refuses to trust %j',
    (trustedProxies) => {
      expect(() =>
        clientAddress(from('9.9.9.9'), { trustedProxies: trustedProxies as TrustedProxies }),
      ).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION', option: 'trustedProxies' }));
    },
  );

  it('refuses to trust everybody by its type too', () => {
    expect(() => {
      // @ts-expect-error -- true is no way to trust
      clientAddress(from('9.9.9.9'), { trustedProxies: true });
    }).toThrow("trustedProxies must be a number of proxies, an array of ranges or 'none', got true");
  });

  it('refuses a header that no proxy sets', () => {
    expect(() =>
      clientAddress(from('9.9.9.9'), { trustedProxies: 1, header: 'x-real-ip' as 'forwarded' }),
    ).toThrow("header must be one of 'x-forwarded-for', 'forwarded', got 'x-real-ip'");
  });

  it('looks at the last 64 hops of an endless chain', () => {
    const request = forwardedFor('10.0.0.1', `1.1.1.1, ${'10.0.0.2, '.repeat(99)}10.0.0.2`);

    expect(clientAddress(request, { trustedProxies: ['10.0.0.0/8'] })).toBe('10.0.0.2');
  });
});

describe('ClientIdentity', () => {
  const observed = (
    trustedProxies: TrustedProxies,
  ): { callers: ClientIdentity; codes: IdentityDiagnostic['code'][] } => {
    const codes: IdentityDiagnostic['code'][] = [];
    const onDiagnostic = ({ code }: IdentityDiagnostic): void => void codes.push(code);
    return { callers: new ClientIdentity({ trustedProxies, onDiagnostic }), codes };
  };

  it('makes the key of the address that the proxy tells', () => {
    const callers = new ClientIdentity({ trustedProxies: 1, ipv6PrefixLength: 48 });

    expect(callers.keyOf(forwardedFor('10.0.0.1', '2001:db8:1:2::3'))).toBe('2001:db8:1::/48');
    expect(callers.keyOf(forwardedFor('10.0.0.1', 'unknown'))).toBe('invalid');
  });

  it.each<[string, TrustedProxies, AddressedRequest]>([
    ['forwarding-ignored', 'none', forwardedFor('9.9.9.9', '1.1.1.1')],
    ['forwarding-ignored', ['10.0.0.0/8'], forwardedFor('9.9.9.9', '1.1.1.1')],
    ['chain-too-short', 1, from('9.9.9.9')],
    ['chain-too-short', 2, forwardedFor('10.0.0.1', '1.1.1.1')],
  ])('tells %s once where it trusts %j', (code, trustedProxies, request) => {
    const { callers, codes } = observed(trustedProxies);

    callers.keyOf(request);
    callers.keyOf(request);

    expect(codes).toEqual([code]);
  });

  it('tells once that more than nine in ten calls share a key', () => {
    const { callers, codes } = observed('none');

    for (let i = 0; i < 2_000; i += 1) callers.keyOf(from(i % 12 === 11 ? `9.9.9.${i % 200}` : '10.0.0.1'));

    expect(codes).toEqual(['shared-by-most-calls']);
  });

  it('tells nothing where nine in ten calls share a key, as they may', () => {
    const { callers, codes } = observed('none');

    for (let i = 0; i < 3_000; i += 1) callers.keyOf(from(i % 10 === 9 ? '9.9.9.9' : '10.0.0.1'));

    expect(codes).toEqual([]);
  });

  it('hashes keys where a store must not tell addresses', () => {
    const hashSecret = 'correct horse battery';
    const callers = new ClientIdentity({ trustedProxies: 'none', hashSecret });

    expect(callers.keyOf(from('::ffff:1.2.3.4'))).toBe(hashSubject('1.2.3.4', hashSecret));
    expect(callers.addressOf(from('1.2.3.4'))).toBe('1.2.3.4');
    expect(() => new ClientIdentity({ trustedProxies: 'none', hashSecret: 'short' })).toThrow('hashSecret');
  });

  it('tells of whole IPv6 addresses', () => {
    const told: IdentityDiagnostic[] = [];

    const callers = new ClientIdentity({
      trustedProxies: 'none',
      ipv6PrefixLength: 128,
      onDiagnostic: (diagnostic) => told.push(diagnostic),
    });

    expect(told.map(({ code }) => code)).toEqual(['whole-ipv6-addresses']);
    expect(callers.keyOf(from('2001:db8::7'))).toBe('2001:db8::7');
  });
});
