import { cacheControl, parseCacheControl } from '@holdfast/tiered-cache/http';
import { describe, expect, it } from 'vitest';

describe('cacheControl', () => {
  it('writes whole seconds, rounded down', () => {
    const text = cacheControl({
      visibility: 'public',
      maxAgeMs: 1_999,
      sharedMaxAgeMs: 60_000,
      staleWhileRevalidateMs: 999,
      staleIfErrorMs: 86_400_000,
      immutable: true,
    });

    expect(text).toBe(
      'public, max-age=1, s-maxage=60, stale-while-revalidate=0, stale-if-error=86400, immutable',
    );
  });

  it('writes only what is said', () => {
    expect(cacheControl({ maxAgeMs: 0, mustRevalidate: true })).toBe('max-age=0, must-revalidate');
    expect(cacheControl({ visibility: 'private', noCache: true, noTransform: true })).toBe(
      'private, no-cache, no-transform',
    );
    expect(cacheControl({ noStore: true })).toBe('no-store');
    expect(cacheControl({ maxAgeMs: Number.MAX_SAFE_INTEGER })).toBe('max-age=2147483647');
  });

  it.each([
    [{ maxAgeMs: -1 }, 'maxAgeMs must be a finite number of milliseconds of at least 0, got -1'],
    [
      { staleIfErrorMs: Number.NaN },
      'staleIfErrorMs must be a finite number of milliseconds of at least 0, got NaN',
    ],
    [{ visibility: 'secret' as 'public' }, "visibility must be one of 'public', 'private', got 'secret'"],
    [
      { visibility: 'private' as const, sharedMaxAgeMs: 1 },
      "sharedMaxAgeMs must be left out where visibility is 'private', got 1",
    ],
    [{ noStore: true, maxAgeMs: 1_000 }, "noStore must be the only directive, got 'no-store, max-age=1'"],
    [{}, 'cacheControl must be told a directive, got an object'],
  ])('refuses %j', (options, message) => {
    expect(() => cacheControl(options)).toThrow(message);
  });
});

describe('parseCacheControl', () => {
  it('reads what responses and requests say', () => {
    expect(
      parseCacheControl(
        'public, max-age=60, s-maxage=120, stale-while-revalidate=30, stale-if-error=90, must-revalidate, proxy-revalidate, immutable, no-transform',
      ),
    ).toEqual({
      noStore: false,
      noCache: false,
      noTransform: true,
      public: true,
      private: false,
      mustRevalidate: true,
      proxyRevalidate: true,
      immutable: true,
      onlyIfCached: false,
      maxAgeMs: 60_000,
      sharedMaxAgeMs: 120_000,
      staleWhileRevalidateMs: 30_000,
      staleIfErrorMs: 90_000,
      minFreshMs: undefined,
      maxStaleMs: undefined,
    });
    expect(parseCacheControl('only-if-cached, min-fresh=5, max-stale=7')).toMatchObject({
      onlyIfCached: true,
      minFreshMs: 5_000,
      maxStaleMs: 7_000,
    });
    expect(parseCacheControl('max-stale')).toMatchObject({ maxStaleMs: Infinity });
  });

  it.each([
    ['any case and spacing', ' MAX-AGE = 5 ,,\tNo-Store', { maxAgeMs: 5_000, noStore: true }],
    ['numbers in quotes', 'max-age="5"', { maxAgeMs: 5_000 }],
    [
      'directives that name fields',
      'private="a, no-store", max-age=5',
      { private: true, noStore: false, maxAgeMs: 5_000 },
    ],
    ['quotes within quotes', String.raw`x="\", no-store", no-cache`, { noStore: false, noCache: true }],
    ['quotes that are not closed', 'x="a, no-store', { noStore: true }],
    ['what is no directive', '=, =5, ;, max-age=5 x, no-cache', { maxAgeMs: 5_000, noCache: true }],
    ['the first of two', 'max-age=5, max-age=6', { maxAgeMs: 5_000 }],
    ['a life that is no number as none', 'max-age=soon', { maxAgeMs: 0 }],
    ['a life below 0 as none', 'max-age=-5', { maxAgeMs: 0 }],
    ['a life with a fraction as none', 'max-age=1.5', { maxAgeMs: 0 }],
    ['a missing life as none', 'max-age', { maxAgeMs: 0 }],
    ['a life beyond all bounds', `max-age=${'9'.repeat(400)}`, { maxAgeMs: 2 ** 31 * 1_000 }],
    ['nothing', '', { noStore: false, maxAgeMs: undefined }],
  ])('reads %s', (_, text, expected) => {
    expect(parseCacheControl(text)).toMatchObject(expected);
  });

  it('reads what is all separators as fast as what is all directives', () => {
    const leastMs = (field: string): number =>
      Math.min(
        ...Array.from({ length: 5 }, () => {
          const startedAt = performance.now();
          parseCacheControl(field);
          return performance.now() - startedAt;
        }),
      );
    const directives = `max-age=1${', max-age=1'.repeat(740)}`;

    // Both are linear. What tries each separator again would take a thousand times as long.
    for (const separators of [',', ', ', ' ,\t'])
      expect(leastMs(separators.repeat(8_190 / separators.length))).toBeLessThan(100 * leastMs(directives));
  });

  it('takes no field for one that says nothing', () => {
    expect(parseCacheControl(undefined)).toEqual(parseCacheControl(''));
  });

  it('takes a field that is too long to read for no-store', () => {
    const many = Array.from({ length: 65 }, (_, index) => `x${index}`).join();

    expect(parseCacheControl(many)).toMatchObject({ noStore: true });
    expect(parseCacheControl(many.slice(0, many.lastIndexOf(',')))).toMatchObject({ noStore: false });
    expect(parseCacheControl(`max-age=5, x="${'x'.repeat(8_192)}"`)).toMatchObject({ noStore: true });
  });
});
