import { ManualClock } from '@holdfast/core/testing';
import { parseRateLimit } from '@holdfast/rate-limiter/http';
import { describe, expect, it } from 'vitest';

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

  it.each(['1.5', '-1', '10,', 'abc 5', 'Thu', '5 Jan'])('takes %s for no wait', (field) => {
    expect(parseRateLimit({ 'retry-after': field }).retryAfterMs).toBeUndefined();
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `x${field}` };
    expect(parseRateLimit(headers).limits).toMatchObject([{ resetMs: undefined }]);
  });

  it.each([
    'Thu, 01 Jan 2026 00:00:07 GMT',
    'Thursday, 01-Jan-26 00:00:07 GMT',
    'Thu Jan  1 00:00:07 2026',
    '2026-01-01T00:00:07Z',
    '2026-01-01T01:00:07.000+01:00',
  ])('reads the date %s', (field) => {
    const clock = new ManualClock(Date.UTC(2026, 0, 1));
    expect(parseRateLimit({ 'retry-after': field }, { clock }).retryAfterMs).toBe(7_000);
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

describe('parseRateLimit of older families', () => {
  const clock = new ManualClock(1_700_000_000_000);
  const policy = { name: '', windowMs: undefined, unit: 'requests', partitionKey: undefined };

  it('reads draft -07', () => {
    const headers = {
      'RateLimit-Policy': '20;w=60, 500;w=3600',
      RateLimit: 'limit=20, remaining=7, reset=21',
    };

    expect(parseRateLimit(headers)).toEqual({
      policies: [
        { ...policy, quota: 20, windowMs: 60_000 },
        { ...policy, quota: 500, windowMs: 3_600_000 },
      ],
      limits: [{ name: '', remaining: 7, resetMs: 21_000, partitionKey: undefined }],
      retryAfterMs: undefined,
    });
  });

  it('reads the members of draft -07 in any order, and does without the limit', () => {
    expect(parseRateLimit({ ratelimit: 'reset=5,remaining=0' })).toMatchObject({
      policies: [],
      limits: [{ remaining: 0, resetMs: 5_000 }],
    });
  });

  it.each(['limit=20', 'remaining=x', 'remaining=7,', 'remaining=7; reset=2'])(
    'takes the malformed field %j of draft -07 for absent',
    (ratelimit) => {
      expect(parseRateLimit({ ratelimit }).limits).toEqual([]);
    },
  );

  it.each([
    ['draft -06', 'RateLimit'],
    ['X-RateLimit', 'X-RateLimit'],
    ['X-Rate-Limit', 'x-rate-limit'],
  ])('reads %s', (_, prefix) => {
    const headers = {
      [`${prefix}-Limit`]: '20, 20;w=60',
      [`${prefix}-Remaining`]: '7',
      [`${prefix}-Reset`]: '21',
    };

    expect(parseRateLimit(headers)).toEqual({
      policies: [{ ...policy, quota: 20 }],
      limits: [{ name: '', remaining: 7, resetMs: 21_000, partitionKey: undefined }],
      retryAfterMs: undefined,
    });
  });

  it.each([
    ['seconds', '21', 21_000],
    ['parts of a second', '0.5', 500],
    ['seconds since 1970', '1700000021', 21_000],
    ['milliseconds since 1970', '1700000021000', 21_000],
    ['a date', 'Tue, 14 Nov 2023 22:13:41 GMT', 21_000],
    ['an instant that has passed', '1600000000', 0],
    ['nothing known', 'soon', undefined],
  ])('takes a reset of X-RateLimit for %s', (_, reset, resetMs) => {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };

    expect(parseRateLimit(headers, { clock }).limits).toEqual([
      { name: '', remaining: 0, resetMs, partitionKey: undefined },
    ]);
  });

  it('believes the newest family that a server sends', () => {
    const headers = {
      RateLimit: '"user";r=5;t=3',
      'RateLimit-Remaining': '6',
      'X-RateLimit-Remaining': '7',
    };

    expect(parseRateLimit(headers).limits).toMatchObject([{ name: 'user', remaining: 5 }]);
  });

  it.each(['-1', '1.5', 'many', ''])('takes a rest of %j for absent', (remaining) => {
    expect(parseRateLimit({ 'x-ratelimit-remaining': remaining }).limits).toEqual([]);
  });
});

// ratelimit-header-parser 0.1.0 reads NaN from each of these.
describe('parseRateLimit of the current wire', () => {
  it('D13: reads a limit with what is left and until when', () => {
    expect(parseRateLimit({ RateLimit: '"peruser";r=50;t=30' }).limits).toEqual([
      { name: 'peruser', remaining: 50, resetMs: 30_000, partitionKey: undefined },
    ]);
  });

  it('D13: reads what express-rate-limit writes as draft-8', () => {
    const headers = {
      'ratelimit-policy': '"20-in-1min"; q=20; w=60; pk=:MTJjYTE3YjQ5YWYy:',
      ratelimit: '"20-in-1min"; r=19; t=60; pk=:MTJjYTE3YjQ5YWYy:',
    };

    expect(parseRateLimit(headers)).toMatchObject({
      policies: [{ name: '20-in-1min', quota: 20, windowMs: 60_000 }],
      limits: [{ name: '20-in-1min', remaining: 19, resetMs: 60_000 }],
    });
  });
});
