import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { Xaes } from '../../src/values/xaes.ts';

const nonce = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX');
const text = Buffer.from('XAES-256-GCM');

/** The test vectors of the specification; the secrets differ in whether the subkey of CMAC takes the reduction. */
describe('Xaes', () => {
  it.each([
    { byte: 1, authenticated: '', expected: 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271' },
    {
      byte: 3,
      authenticated: 'c2sp.org/XAES-256-GCM',
      expected: '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d',
    },
  ])('encrypts as specified under the secret of bytes $byte', ({ byte, authenticated, expected }) => {
    const xaes = new Xaes(createSecretKey(Buffer.alloc(32, byte)));

    const { body, tag } = xaes.encrypt(nonce, text, Buffer.from(authenticated));

    expect(Buffer.concat([body, tag]).toString('hex')).toBe(expected);
    expect(xaes.decrypt(nonce, { body, tag }, Buffer.from(authenticated))).toEqual(text);
  });

  it('refuses another nonce, in whichever half it differs', () => {
    const xaes = new Xaes(createSecretKey(Buffer.alloc(32, 1)));
    const encrypted = xaes.encrypt(nonce, text, Buffer.alloc(0));

    for (const index of [0, 11, 12, 23]) {
      const other = Buffer.from(nonce);
      other[index] = 0;
      expect(() => xaes.decrypt(other, encrypted, Buffer.alloc(0))).toThrow('unable to authenticate');
    }
  });
});
