import { describe, expect, it } from 'vitest';

import { readVariables } from '../../src/environment/variables.ts';

describe('readVariables', () => {
  it('takes memory where nothing is set', () => {
    expect(readVariables({})).toEqual({ mode: 'memory' });
  });

  it('takes memory and Redis where there is a URL', () => {
    expect(readVariables({ REDIS_URL: 'redis://cache:6379/2' })).toEqual({
      mode: 'hybrid',
      redisUrl: 'redis://cache:6379/2',
    });
  });

  it('reads everything that can be set', () => {
    const environment = {
      CACHE_MODE: 'redis',
      REDIS_URL: 'rediss://user:secret@cache',
      CACHE_FILE: '/var/cache/shop.db',
      CACHE_PREFIX: 'shop-1.0',
      CACHE_TTL_MS: '60000',
      CACHE_L1_MAX_ENTRIES: '1',
      CACHE_L1_MAX_BYTES: '1048576',
    };

    expect(readVariables(environment)).toEqual({
      mode: 'redis',
      redisUrl: 'rediss://user:secret@cache',
      file: '/var/cache/shop.db',
      prefix: 'shop-1.0',
      ttlMs: 60_000,
      maxEntries: 1,
      maxBytes: 1_048_576,
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readVariables({ CACHE_MODE: '', REDIS_URL: '', CACHE_FILE: '', CACHE_TTL_MS: '' })).toEqual({
      mode: 'memory',
    });
  });

  it('leaves a URL unused that the mode does not ask for', () => {
    expect(readVariables({ CACHE_MODE: 'memory', REDIS_URL: 'redis://cache' })).toEqual({ mode: 'memory' });
  });

  it.each([
    [{ CACHE_MODE: 'reddis' }, "CACHE_MODE must be one of 'memory', 'redis', 'hybrid', got 'reddis'"],
    [{ CACHE_MODE: 'Memory' }, "CACHE_MODE must be one of 'memory', 'redis', 'hybrid', got 'Memory'"],
    [{ CACHE_MODE: 'redis' }, "REDIS_URL must be set where CACHE_MODE is 'redis', got undefined"],
    [{ CACHE_MODE: 'hybrid' }, "REDIS_URL must be set where CACHE_MODE is 'hybrid', got undefined"],
    [{ CACHE_PREFIX: 'a:b' }, "CACHE_PREFIX must be made of letters, digits, '.', '_' and '-', got 'a:b'"],
    [{ CACHE_TTL_MS: '0' }, 'CACHE_TTL_MS must be a whole number of at least 1, got 0'],
    [{ CACHE_TTL_MS: '5m' }, "CACHE_TTL_MS must be a whole number of at least 1, got '5m'"],
    [{ CACHE_TTL_MS: '0x10' }, "CACHE_TTL_MS must be a whole number of at least 1, got '0x10'"],
    [{ CACHE_TTL_MS: '-1' }, "CACHE_TTL_MS must be a whole number of at least 1, got '-1'"],
    [{ CACHE_TTL_MS: '99999999999999999999' }, 'CACHE_TTL_MS must be a whole number of at least 1, got'],
    [{ CACHE_L1_MAX_ENTRIES: ' 7' }, "CACHE_L1_MAX_ENTRIES must be a whole number of at least 1, got ' 7'"],
    [{ CACHE_L1_MAX_BYTES: '64mb' }, "CACHE_L1_MAX_BYTES must be a whole number of at least 1, got '64mb'"],
    [
      { CACHE_MODE: 'memory', REDIS_URL: 'http://cache' },
      "REDIS_URL must be a URL that starts with 'redis://' or 'rediss://' and names a host, got 'http://cache'",
    ],
  ])('refuses %j', (environment, message) => {
    expect(() => readVariables(environment)).toThrow(message);
  });

  it.each([
    ['http://user:hunter2@cache/?password=hunter2', "got 'http://***@cache'"],
    ['redis://:hunter2@cache:99999', "got 'redis://***'"],
    ['redis://:hun#ter2@cache', "got 'redis://***'"],
    ['redis://', "got 'redis://"],
    ['redis:hunter2@cache', "got '***'"],
    ['hunter2@cache:6379', "got '***'"],
    ['hunter2', "got '***'"],
    ['ftp://hunter2@cache', "got 'ftp://***@cache'"],
    ['http://cache/hunter2#hunter2', "got 'http://cache'"],
  ])('shows no secret of %j when it refuses it', (url, shown) => {
    const attempt = (): unknown => readVariables({ REDIS_URL: url });

    expect(attempt).toThrow(shown);
    expect(attempt).toThrow(expect.objectContaining({ message: expect.not.stringMatching(/hun|ter2/) }));
  });
});
