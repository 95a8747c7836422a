import { ManualClock } from '@holdfast/core/testing';
import { type Decision, type LimitState, RateLimiter } from '@holdfast/rate-limiter';
import { parseRateLimit, rateLimitHeaders, rateLimitProblem } from '@holdfast/rate-limiter/http';
import { describe, expect, it } from 'vitest';

const state = (limit: number, remaining: number, more: Partial<LimitState> = {}): LimitState => ({
  limit,
  windowMs: 60_000,
  by: 'user',
  remaining,
  retryAfterMs: 0,
  resetMs: 60_000,
  ...more,
});

const decision = (limits: Record<string, LimitState>, more: Partial<Decision> = {}): Decision => ({
  allowed: true,
  source: 'memory',
  binding: undefined,
  violated: [],
  limits,
  retryAfterMs: 0,
  impossible: false,
  ...more,
});

const refused = (violated: string, retryAfterMs: number): Partial<Decision> => ({
  allowed: false,
  binding: violated,
  violated: [violated],
  retryAfterMs,
});

describe('rateLimitHeaders', () => {
  it('writes the fields of an allowed call', () => {
    const limits = {
      user: state(100, 41),
      expensive: state(20, 7),
      all: state(1_000, 900, { by: 'global' }),
    };

    expect(rateLimitHeaders(decision(limits))).toEqual({
      'RateLimit-Policy': '"user";q=100;w=60, "expensive";q=20;w=60',
      RateLimit: '"user";r=41;t=25, "expensive";r=7;t=21',
    });
  });

  it('writes the fields of a call over its quota', () => {
    const limits = { user: state(100, 41), expensive: state(20, 0, { retryAfterMs: 3_000 }) };

    expect(rateLimitHeaders(decision(limits, refused('expensive', 3_000)), { spreadBy: 'alice' })).toEqual({
      'Retry-After': '4',
      'RateLimit-Policy': '"user";q=100;w=60, "expensive";q=20;w=60',
      RateLimit: '"expensive";r=0;t=3',
    });
  });

  it('writes the fields of a service that is used up, with its capacity if that is disclosed', () => {
    const limits = { global: state(600, 0, { by: 'global', retryAfterMs: 8_000 }) };
    const used = decision(limits, refused('global', 8_000));

    expect(rateLimitHeaders(used, { disclose: 'all' })).toEqual({
      'Retry-After': '8',
      'RateLimit-Policy': '"global";q=600;w=60',
    });
    expect(rateLimitHeaders(used)).toEqual({ 'Retry-After': '8' });
  });

  it('writes the fields of a short window', () => {
    const limits = { burst: state(50, 0, { windowMs: 10_000, retryAfterMs: 9_600 }) };

    expect(rateLimitHeaders(decision(limits, refused('burst', 9_600)))).toEqual({
      'Retry-After': '10',
      'RateLimit-Policy': '"burst";q=50;w=10',
      RateLimit: '"burst";r=0;t=10',
    });
  });

  it('prints exactly the policy when all of it is left', () => {
    expect(rateLimitHeaders(decision({ user: state(100, 100) }))['RateLimit']).toBe('"user";r=100;t=60');
  });

  it('tells no wait when none would help', () => {
    const limits = { off: state(0, 0, { retryAfterMs: Infinity }) };

    expect(rateLimitHeaders(decision(limits, { ...refused('off', Infinity), impossible: true }))).toEqual({
      'RateLimit-Policy': '"off";q=0;w=60',
      RateLimit: '"off";r=0',
    });
  });

  it('tells nothing of the rest after a local decision', () => {
    const local = decision(
      { user: state(100, 0, { retryAfterMs: 500 }) },
      { ...refused('user', 500), source: 'local' },
    );

    expect(rateLimitHeaders(local)).toEqual({ 'Retry-After': '1', 'RateLimit-Policy': '"user";q=100;w=60' });
  });

  it('escapes quotes and backslashes in names, and refuses what no field can hold', () => {
    expect(rateLimitHeaders(decision({ ['a"b\\c']: state(1, 1) }))['RateLimit']).toBe(
      String.raw`"a\"b\\c";r=1;t=60`,
    );
    expect(() => rateLimitHeaders(decision({ ['ü']: state(1, 1) }))).toThrow(
      'a header field cannot hold "ü"',
    );
  });

  it('spreads the same client to the same second, by at most a quarter and 5 s', () => {
    const used = decision({ user: state(1, 0, { retryAfterMs: 40_000 }) }, refused('user', 40_000));
    const waits = Array.from({ length: 200 }, (_, i) =>
      Number(rateLimitHeaders(used, { spreadBy: `user ${i}` })['Retry-After']),
    );

    expect(new Set(waits)).toEqual(new Set([41, 42, 43, 44, 45]));
    expect(rateLimitHeaders(used, { spreadBy: 'x' })).toEqual(rateLimitHeaders(used, { spreadBy: 'x' }));
  });

  it('asks for at least a second', () => {
    expect(rateLimitHeaders(decision({}, refused('gone', 0)))['Retry-After']).toBe('1');
  });

  it('is absent when no limit applied', () => {
    expect(rateLimitHeaders(decision({}))).toEqual({});
  });
});

describe('rateLimitProblem', () => {
  it('is a 429 when the caller’s own quota is used up', () => {
    const problem = rateLimitProblem(decision({ expensive: state(20, 0) }, refused('expensive', 3_000)));

    expect(JSON.stringify(problem)).toBe(
      '{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Quota exceeded","status":429,"violated-policies":["expensive"]}',
    );
  });

  it('is a 503 when only limits refused that everybody shares', () => {
    const problem = rateLimitProblem(
      decision({ global: state(600, 0, { by: 'global' }) }, refused('global', 8_000)),
    );

    expect(JSON.stringify(problem)).toBe(
      '{"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity","title":"Temporarily reduced capacity","status":503,"violated-policies":["global"]}',
    );
  });

  it('is undefined for an allowed call', async () => {
    expect(
      rateLimitProblem(await new RateLimiter({ limits: { user: { limit: 1, windowMs: 1 } } }).check('a')),
    ).toBe(undefined);
  });
});

describe('parseRateLimit', () => {
  it('reads policies, what is left of them and the wait', () => {
    const headers = new Headers({
      'RateLimit-Policy': '"user";q=100;w=60, "inflight";q=20;qu="concurrent-requests"',
      RateLimit: '"user";r=41;t=25;pk=:3q2+7wABAgME:',
      'Retry-After': '4',
    });

    expect(parseRateLimit(headers)).toEqual({
      policies: [
        { name: 'user', quota: 100, windowMs: 60_000, unit: 'requests', partitionKey: undefined },
        {
          name: 'inflight',
          quota: 20,
          windowMs: undefined,
          unit: 'concurrent-requests',
          partitionKey: undefined,
        },
      ],
      limits: [
        {
          name: 'user',
          remaining: 41,
          resetMs: 25_000,
          partitionKey: new Uint8Array([0xde, 0xad, 0xbe, 0xef, 0, 1, 2, 3, 4]),
        },
      ],
      retryAfterMs: 4_000,
    });
  });

  it('reads the headers of Node.js, in any case and over several lines', () => {
    const { policies } = parseRateLimit({ 'ratelimit-policy': ['"a";q=1', '"b";q=2'], RateLimit: undefined });

    expect(policies.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('turns a date into a wait', () => {
    const clock = new ManualClock(Date.UTC(2026, 0, 1));

    expect(parseRateLimit({ 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' }, { clock }).retryAfterMs).toBe(
      7_000,
    );
    expect(parseRateLimit({ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, { clock }).retryAfterMs).toBe(
      0,
    );
    expect(parseRateLimit({ 'retry-after': 'later' }, { clock }).retryAfterMs).toBeUndefined();
  });

  it('takes unknown parameters for comments', () => {
    const field = '"a";r=5;x=?1;y=token;z=1.5;d=@1659578233;s=%"f%c3%bc";flag;t=2';

    expect(parseRateLimit({ ratelimit: field }).limits).toMatchObject([
      { name: 'a', remaining: 5, resetMs: 2_000 },
    ]);
  });

  it.each([
    '"a";r=1,',
    '"a;r=1',
    '"a";r=1 "b";r=2',
    '("a");r=1',
    '"a";R=1',
    '"a";r=',
    '"a";r=1234567890123456',
    '"ü";r=1',
    '"a";r=1;pk=:t:',
    ',"a";r=1',
  ])('takes the malformed field %j for absent', (field) => {
    expect(parseRateLimit({ ratelimit: field }).limits).toEqual([]);
  });

  it.each(['"a"', '"a";r=-1', '"a";r=1.5', '"a";r="1"', 'a;r=1'])('leaves out the member %j', (member) => {
    expect(parseRateLimit({ ratelimit: `${member}, "b";r=2` }).limits.map(({ name }) => name)).toEqual(['b']);
  });

  it('finds nothing where there is nothing', () => {
    expect(parseRateLimit({})).toEqual({ policies: [], limits: [], retryAfterMs: undefined });
  });
});
