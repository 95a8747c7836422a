import { clientAddress, type TrustedProxies } from '@holdfast/rate-limiter/identity';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const peer = { remoteAddress: '10.0.0.1' };
const trust = fc.constantFrom<TrustedProxies[]>(1, ['10.0.0.0/8']);
/** What a caller may write into a header of his own. */
const forged = fc
  .array(
    fc.constantFrom(
      'for=',
      '6.6.6.6',
      '10.0.0.2',
      '"',
      '\\',
      ',',
      ';',
      '=',
      ' ',
      'host',
      '[::1]',
      ':80',
      'x',
    ),
    { maxLength: 20 },
  )
  .map((pieces) => pieces.join(''));
/** What the proxy adds about 1.1.1.1. */
const added = fc.constantFrom(
  'for=1.1.1.1',
  'for="1.1.1.1"',
  'for="1.1.1.1:80";proto=https',
  'by=10.0.0.1;host="a\\"b,c;d";for=1.1.1.1',
);

describe('clientAddress', () => {
  it('is whom the proxy names, whatever the caller wrote into X-Forwarded-For', () => {
    fc.assert(
      fc.property(trust, forged, (trustedProxies, field) => {
        const headers = { 'x-forwarded-for': `${field}, 1.1.1.1` };

        expect(clientAddress({ headers, socket: peer }, { trustedProxies })).toBe('1.1.1.1');
      }),
    );
  });

  it('is whom the proxy names or nobody, whatever the caller wrote into Forwarded', () => {
    fc.assert(
      fc.property(trust, forged, added, (trustedProxies, field, member) => {
        const headers = { forwarded: `${field}, ${member}` };

        const address = clientAddress({ headers, socket: peer }, { trustedProxies, header: 'forwarded' });

        expect(['1.1.1.1', '1.1.1.1:80', '']).toContain(address);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is the peer where nobody is trusted, whatever the caller wrote', () => {
    fc.assert(
      fc.property(
        forged,
        fc.constantFrom('forwarded' as const, 'x-forwarded-for' as const),
        (field, header) => {
          const request = { headers: { [header]: field }, socket: peer };

          expect(clientAddress(request, { trustedProxies: 'none', header })).toBe('10.0.0.1');
          expect(clientAddress(request, { trustedProxies: ['192.0.2.0/24'], header })).toBe('10.0.0.1');
        },
      ),
    );
  });
});
