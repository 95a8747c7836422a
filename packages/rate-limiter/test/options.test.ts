import { MemoryStore, RateLimiter } from '@holdfast/rate-limiter';
import { describe, expect, it } from 'vitest';

const user = { limit: 1, windowMs: 1 };

describe('RateLimiterOptions', () => {
  it.each<[string, object, string]>([
    ['name', { name: '' }, "name must be a string that is not empty, got ''"],
    ['limits', { limits: undefined }, 'limits must be an object of at least one limit, got undefined'],
    // oxlint-disable-next-line unicorn/no-null -- as untyped callers pass it
    ['limits', { limits: null }, 'limits must be an object of at least one limit, got null'],
    ['limits.user', { limits: { user: undefined } }, 'limits.user must be an object, got undefined'],
    ['limits.user', { limits: { user: 100 } }, 'limits.user must be an object, got 100'],
    [
      'limits.user.penalty',
      { limits: { user: { ...user, penalty: 60_000 } } },
      'limits.user.penalty must be an object, got 60000',
    ],
    ['limits', { limits: {} }, 'limits must be an object of at least one limit, got an object'],
    [
      'limits',
      { limits: { ['ü']: user } },
      "limits must be named in printable ASCII of 1 to 64 characters, got 'ü'",
    ],
    ['limits', { limits: { '': user } }, 'limits must be named in printable ASCII'],
    [
      'limits',
      { limits: JSON.parse('{"__proto__":{"limit":1,"windowMs":1}}') as object },
      'limits must be named',
    ],
    [
      'limits.user.limit',
      { limits: { user: { ...user, limit: -1 } } },
      'limits.user.limit must be a whole number from 0',
    ],
    [
      'limits.user.limit',
      { limits: { user: { ...user, limit: 1.5 } } },
      'limits.user.limit must be a whole number',
    ],
    [
      'limits.user.windowMs',
      { limits: { user: { ...user, windowMs: 0 } } },
      'limits.user.windowMs must be a whole number',
    ],
    [
      'limits.user.windowMs',
      { limits: { user: { ...user, windowMs: 0.5 } } },
      'limits.user.windowMs must be a whole',
    ],
    [
      'limits.user.by',
      { limits: { user: { ...user, by: '' } } },
      'limits.user.by must be a string that is not empty',
    ],
    [
      'limits.user.tag',
      { limits: { user: { ...user, tag: '' } } },
      'limits.user.tag must be a string that is not',
    ],
    [
      'limits.user.mode',
      { limits: { user: { ...user, mode: 'fixed' } } },
      "limits.user.mode must be one of 'strict', 'smooth', got 'fixed'",
    ],
    [
      'limits.user.burst',
      { limits: { user: { ...user, burst: 2 } } },
      'limits.user.burst must be absent unless the mode is smooth, got 2',
    ],
    [
      'limits.user.burst',
      { limits: { user: { ...user, mode: 'smooth', burst: 0 } } },
      'limits.user.burst must be a whole number from 1 to 4294967295, got 0',
    ],
    [
      'limits.user.counts',
      { limits: { user: { ...user, counts: 'all' } } },
      "limits.user.counts must be one of 'admitted', 'attempts'",
    ],
    [
      'limits.user.shadow',
      { limits: { user: { ...user, shadow: 1 } } },
      'limits.user.shadow must be one of true, false, got 1',
    ],
    [
      'limits.user.minFactor',
      { limits: { user: { ...user, minFactor: 0 } } },
      'limits.user.minFactor must be a number over 0, up to 1, got 0',
    ],
    [
      'limits.user.onStoreError',
      { limits: { user: { ...user, onStoreError: 'throw' } } },
      "limits.user.onStoreError must be one of 'local', 'open', 'closed', got 'throw'",
    ],
    [
      'limits.user.penalty',
      { limits: { user: { ...user, by: 'global', penalty: { blockMs: 1 } } } },
      'limits.user.penalty must be absent from a global limit',
    ],
    [
      'limits.user.penalty.blockMs',
      { limits: { user: { ...user, penalty: { blockMs: 0 } } } },
      'limits.user.penalty.blockMs must be a finite number of milliseconds of at least 1, got 0',
    ],
    [
      'limits.user.penalty.maxBlockMs',
      { limits: { user: { ...user, penalty: { blockMs: 10, maxBlockMs: 5 } } } },
      'limits.user.penalty.maxBlockMs must be a finite number of milliseconds of at least 10, got 5',
    ],
    [
      'limits',
      { limits: Object.fromEntries(Array.from({ length: 251 }, (_, i) => [`l${i}`, user])) },
      'limits must be of at most 250 limits, got 251',
    ],
    ['factor', { factor: 0.5 }, 'factor must be a function, got 0.5'],
    ['store', { store: {} }, 'store must be an object with open()'],
    ['subjectOf', { subjectOf: 'user' }, "subjectOf must be a function, got 'user'"],
    ['clock', { clock: {} }, 'clock must be an object with now(), epoch(), schedule()'],
    [
      'limits',
      {
        limits: Object.fromEntries(Array.from({ length: 31 }, (_, i) => [`l${i}`, { ...user, by: `s${i}` }])),
      },
      'limits must be of at most 30 scopes and tags',
    ],
  ])('refuses a broken %s', (_, broken, message) => {
    expect(() => new RateLimiter({ limits: { user }, ...broken })).toThrow(message);
  });

  it('tells scopes and tags apart up to 30 of them', async () => {
    const limits = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`l${i}`, { ...user, by: `s${i}` }]),
    );
    const limiter = new RateLimiter({ limits });

    expect(Object.keys((await limiter.check({ s29: 'a', s0: 'b' })).limits)).toEqual(['l0', 'l29']);
  });
});

describe('MemoryStoreOptions', () => {
  it('refuses a broken maxSubjects', () => {
    expect(() => new MemoryStore({ maxSubjects: 0 })).toThrow(
      'maxSubjects must be a whole number from 1 to 16777215, got 0',
    );
  });
});
