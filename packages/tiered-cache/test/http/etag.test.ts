import { etagOf } from '@holdfast/tiered-cache/http';
import { describe, expect, it } from 'vitest';

describe('etagOf', () => {
  it('is strong unless asked otherwise, in quotes', () => {
    expect(etagOf('hello')).toBe('"LPJNul-wow4m6Dsqxbninh"');
    expect(etagOf('hello', { weak: false })).toBe('"LPJNul-wow4m6Dsqxbninh"');
    expect(etagOf('hello', { weak: true })).toBe('W/"LPJNul-wow4m6Dsqxbninh"');
  });

  it('is the same for a text and for its bytes, and another for other bytes', () => {
    expect(etagOf('grün')).toBe(etagOf(Buffer.from('grün')));
    expect(etagOf(new Uint8Array([1, 2]))).not.toBe(etagOf(new Uint8Array([2, 1])));
    expect(etagOf('')).toMatch(/^"[\w-]{22}"$/);
  });
});
