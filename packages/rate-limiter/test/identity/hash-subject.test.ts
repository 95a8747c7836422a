import { hashSubject } from '@holdfast/rate-limiter/identity';
import { describe, expect, it } from 'vitest';

describe('hashSubject', () => {
  it('is the first 128 bits of HMAC-SHA-256, as RFC 4231 tests it', () => {
    const digest = Buffer.from(hashSubject('Hi There', '\v'.repeat(20)), 'base64url');

    expect(digest.toString('hex')).toBe('b0344c61d8db38535ca8afceaf0bf12b');
  });

  it('differs by subject and by secret, and has 22 characters', () => {
    const secret = 'correct horse battery';

    expect(hashSubject('alice', secret)).toHaveLength(22);
    expect(hashSubject('alice', secret)).toBe(hashSubject('alice', secret));
    expect(hashSubject('alice', secret)).not.toBe(hashSubject('bob', secret));
    expect(hashSubject('alice', secret)).not.toBe(hashSubject('alice', `${secret}!`));
  });

  it('refuses a short secret without telling it', () => {
    expect(() => hashSubject('alice', 'hunter2')).toThrow(
      "secret must be a string of at least 16 characters, got '7 characters'",
    );
  });
});
