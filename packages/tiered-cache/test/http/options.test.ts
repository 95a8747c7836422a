import { createCache } from '@holdfast/tiered-cache';
import { responseCache } from '@holdfast/tiered-cache/http';
import { describe, expect, it } from 'vitest';

const cache = createCache({ namespace: 'options', ttlMs: 1 });
const make = (options: object): unknown => responseCache({ cache, ttlMs: 1, ...options });

const ms = 'a finite number of milliseconds of at least';

describe('responseCache', () => {
  it.each([
    [{ cache: {} }, 'cache must be an object with get(), delete(), deleteTag(), got an object'],
    [{ ttlMs: undefined }, `ttlMs must be ${ms} 0, got undefined`],
    [{ ttlMs: Infinity }, `ttlMs must be ${ms} 0, got Infinity`],
    [{ staleWhileRevalidateMs: -1 }, `staleWhileRevalidateMs must be ${ms} 0, got -1`],
    [{ staleIfErrorMs: '1' }, `staleIfErrorMs must be ${ms} 0, got '1'`],
    [{ identity: 'ann' }, "identity must be a function, got 'ann'"],
    [{ key: 1 }, 'key must be a function, got 1'],
    [{ cacheable: true }, 'cacheable must be a function, got true'],
    [{ tagsOf: [] }, 'tagsOf must be a function, got an array of 0'],
    [{ vary: ['a b'] }, "vary must be a token of HTTP, got 'a b'"],
    [{ credentialHeaders: [''] }, "credentialHeaders must be a token of HTTP, got ''"],
    [{ vary: 'accept' }, "vary must be a list of request headers, got 'accept'"],
    [{ vary: null }, 'vary must be a list of request headers, got null'],
    [{ credentialHeaders: 5 }, 'credentialHeaders must be a list of request headers, got 5'],
    [{ cacheControl: 'no-cache\n' }, "cacheControl must be a text that a header can carry, got 'no-cache\n'"],
    [{ maxBodyBytes: 0.5 }, 'maxBodyBytes must be a whole number of at least 0, got 0.5'],
    [{ maxVariants: 0 }, 'maxVariants must be a whole number of at least 1, got 0'],
    [{ etag: 'no' }, "etag must be one of 'strong', 'weak', 'none', got 'no'"],
    [{ cacheControl: 5 }, 'cacheControl must be a string that is not empty, got 5'],
    [{ cacheControl: '' }, "cacheControl must be a string that is not empty, got ''"],
    [{ cacheStatus: 'a;b' }, "cacheStatus must be a token of HTTP, got 'a;b'"],
    [{ clientDirectives: true }, "clientDirectives must be one of 'ignore', 'honour', got true"],
    [{ unsafeMethods: 'drop' }, "unsafeMethods must be one of 'invalidate', 'ignore', got 'drop'"],
    [{ name: '' }, "name must be a string that is not empty, got ''"],
    [{ handoverMs: -1 }, `handoverMs must be ${ms} 0, got -1`],
    [{ refreshTimeoutMs: 0 }, `refreshTimeoutMs must be ${ms} 1, got 0`],
    [{ clock: {} }, 'clock must be an object with now(), epoch(), schedule(), got an object'],
  ])('refuses %j', (options, message) => {
    expect(() => make(options)).toThrow(message);
  });

  it('refuses for a route what it refuses for itself', () => {
    const responses = responseCache({ cache, ttlMs: 1 });

    expect(() => responses.with({ maxBodyBytes: -1 })).toThrow(
      'maxBodyBytes must be a whole number of at least 0, got -1',
    );
    expect(responses.with({}).statistics()).toEqual(responses.statistics());
  });
});
