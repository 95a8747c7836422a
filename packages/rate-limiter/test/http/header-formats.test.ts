import { ManualClock } from '@holdfast/core/testing';
import { type HeaderFormat, rateLimitHeaders } from '@holdfast/rate-limiter/http';
import { describe, expect, it } from 'vitest';
import { decision, refused, state } from './decisions.ts';

const epochSeconds = 1_700_000_000;
const clock = new ManualClock(epochSeconds * 1_000 - 400);

const allowed = decision({ user: state(100, 41), expensive: state(20, 7) });
const over = decision(
  {
    user: state(100, 0, { retryAfterMs: 2_000 }),
    expensive: state(20, 0, { retryAfterMs: 3_000 }),
  },
  { allowed: false, violated: ['user', 'expensive'], retryAfterMs: 3_000 },
);
const off = decision(
  { off: state(0, 0, { retryAfterMs: Infinity }) },
  { ...refused('off', Infinity), impossible: true },
);
const local = decision({ user: state(100, 41) }, { source: 'local' });
const policies = { 'RateLimit-Policy': '100;w=60, 20;w=60' };

describe('rateLimitHeaders of older families', () => {
  it('tells of limits that an allowed call used up the one with the longest wait', () => {
    const limits = {
      short: state(5, 0, { retryAfterMs: 1_000 }),
      long: state(50, 0, { retryAfterMs: 9_000 }),
    };

    expect(rateLimitHeaders(decision(limits), { format: 'draft-7' })['RateLimit']).toBe(
      'limit=50, remaining=0, reset=9',
    );
  });

  it.each<[HeaderFormat, object, object, object, object]>([
    [
      'draft-7',
      { ...policies, RateLimit: 'limit=20, remaining=7, reset=21' },
      { ...policies, RateLimit: 'limit=20, remaining=0, reset=3', 'Retry-After': '3' },
      { 'RateLimit-Policy': '0;w=60' },
      { 'RateLimit-Policy': '100;w=60' },
    ],
    [
      'draft-6',
      { ...policies, 'RateLimit-Limit': '20', 'RateLimit-Remaining': '7', 'RateLimit-Reset': '21' },
      {
        ...policies,
        'RateLimit-Limit': '20',
        'RateLimit-Remaining': '0',
        'RateLimit-Reset': '3',
        'Retry-After': '3',
      },
      { 'RateLimit-Policy': '0;w=60', 'RateLimit-Limit': '0', 'RateLimit-Remaining': '0' },
      { 'RateLimit-Policy': '100;w=60' },
    ],
    [
      'x-ratelimit-delta',
      { 'X-RateLimit-Limit': '20', 'X-RateLimit-Remaining': '7', 'X-RateLimit-Reset': '21' },
      {
        'X-RateLimit-Limit': '20',
        'X-RateLimit-Remaining': '0',
        'X-RateLimit-Reset': '3',
        'Retry-After': '3',
      },
      { 'X-RateLimit-Limit': '0', 'X-RateLimit-Remaining': '0' },
      {},
    ],
    [
      'x-ratelimit-epoch',
      {
        'X-RateLimit-Limit': '20',
        'X-RateLimit-Remaining': '7',
        'X-RateLimit-Reset': `${epochSeconds + 21}`,
      },
      {
        'X-RateLimit-Limit': '20',
        'X-RateLimit-Remaining': '0',
        'X-RateLimit-Reset': `${epochSeconds + 3}`,
        'Retry-After': '3',
      },
      { 'X-RateLimit-Limit': '0', 'X-RateLimit-Remaining': '0' },
      {},
    ],
  ])('tells the scarcest limit, or the one with the longest wait, as %s', (format, ...expected) => {
    const written = [allowed, over, off, local].map((each) => rateLimitHeaders(each, { format, clock }));

    expect(written).toEqual(expected);
  });
});
