import { ManualClock } from '@holdfast/core/testing';
import { rateLimitHeaders } from '@holdfast/rate-limiter/http';
import { describe, expect, it } from 'vitest';
import { decision, refused, state } from './decisions.ts';

describe('rateLimitHeaders', () => {
  const user = state(100, 41);
  const expensive = state(20, 7);

  it('tells the policies that apply, and what is left of the scarcest', () => {
    expect(rateLimitHeaders(decision({ user, expensive }))).toEqual({
      'RateLimit-Policy': '"user";q=100;w=60, "expensive";q=20;w=60',
      RateLimit: '"expensive";r=7;t=21',
    });
  });

  it('tells what is left of all limits, if asked to', () => {
    expect(rateLimitHeaders(decision({ user, expensive }), { quotas: 'all' })).toEqual({
      'RateLimit-Policy': '"user";q=100;w=60, "expensive";q=20;w=60',
      RateLimit: '"user";r=41;t=25, "expensive";r=7;t=21',
    });
  });

  it('tells of limits that are used up as well', () => {
    const limits = { off: state(10, 0, { retryAfterMs: 2_001 }), user: state(3, 0, { retryAfterMs: 9_000 }) };

    expect(rateLimitHeaders(decision(limits))['RateLimit']).toBe('"off";r=0;t=3, "user";r=0;t=9');
  });

  it('tells a call over its quota which limit refused, and when to come back', () => {
    const limits = { user, expensive: state(20, 0, { retryAfterMs: 3_000 }) };
    const clock = new ManualClock();

    expect(
      rateLimitHeaders(decision(limits, refused('expensive', 3_000)), { subject: 'alice', clock }),
    ).toEqual({
      'Retry-After': '4',
      'RateLimit-Policy': '"user";q=100;w=60, "expensive";q=20;w=60',
      RateLimit: '"expensive";r=0;t=3',
    });
  });

  it('tells a call that is too large for the rest how long to wait for more', () => {
    const limits = { user: state(100, 3, { retryAfterMs: 700 }) };

    expect(rateLimitHeaders(decision(limits, refused('user', 700)))).toEqual({
      'Retry-After': '2',
      'RateLimit-Policy': '"user";q=100;w=60',
      RateLimit: '"user";r=3;t=2',
    });
  });

  it('tells of limits with short windows', () => {
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

  it('spreads the burst of a smooth limit at the rate of its policy', () => {
    expect(rateLimitHeaders(decision({ user: state(60, 90, { burst: 120 }) }))['RateLimit']).toBe(
      '"user";r=90;t=90',
    );
  });

  it('tells no wait when none would help', () => {
    const limits = { off: state(0, 0, { retryAfterMs: Infinity }) };

    expect(rateLimitHeaders(decision(limits, { ...refused('off', Infinity), impossible: true }))).toEqual({
      'RateLimit-Policy': '"off";q=0;w=60',
      RateLimit: '"off";r=0',
    });
  });

  it('16.5 local source: tells nothing of the rest', () => {
    const limits = { user: state(100, 0, { retryAfterMs: 500 }) };

    expect(rateLimitHeaders(decision(limits, { ...refused('user', 500), source: 'local' }))).toEqual({
      'Retry-After': '1',
      'RateLimit-Policy': '"user";q=100;w=60',
    });
  });

  it('tells a blocked subject no rest that it could not spend', () => {
    const blocked = decision({ user }, { allowed: false, blocked: true, retryAfterMs: 90_000 });

    expect(rateLimitHeaders(blocked)).toEqual({
      'Retry-After': '90',
      'RateLimit-Policy': '"user";q=100;w=60',
    });
  });

  it('never tells of a shadow limit', () => {
    const limits = { user, trial: state(5, 0, { shadow: true }) };

    expect(rateLimitHeaders(decision(limits), { quotas: 'all' })).toEqual({
      'RateLimit-Policy': '"user";q=100;w=60',
      RateLimit: '"user";r=41;t=25',
    });
  });

  it('is absent when no limit applied', () => {
    expect(rateLimitHeaders(decision({}))).toEqual({});
  });

  it('16.5 names with quote, backslash, non-ASCII: are escaped, or refused where no field can hold them', () => {
    expect(rateLimitHeaders(decision({ ['a"b\\c']: state(1, 1) }))['RateLimit']).toBe(
      String.raw`"a\"b\\c";r=1;t=60`,
    );
    expect(() => rateLimitHeaders(decision({ ['ü']: state(1, 1) }))).toThrow(
      'a header field cannot hold "ü"',
    );
  });

  it.each([
    ['format', { format: 'draft-8' as 'draft-7' }],
    ['send', { send: 'never' as 'always' }],
    ['quotas', { quotas: 'none' as 'all' }],
    ['discloseTo', { discloseTo: 'user' as unknown as string[] }],
    ['partitionSecret', { partitionSecret: 'short' }],
    ['clock', { clock: {} as ManualClock }],
  ])('refuses a wrong %s', (option, options) => {
    expect(() => rateLimitHeaders(decision({}), options)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', option }),
    );
  });
});

describe('the capacity of the service', () => {
  const global = state(600, 0, { by: 'global', retryAfterMs: 8_000 });

  it('is not told a stranger, whatever refused', () => {
    const limits = { ip: state(20, 10, { by: 'ip' }), global };

    expect(rateLimitHeaders(decision(limits, refused('global', 8_000)), { discloseTo: ['user'] })).toEqual({
      'Retry-After': '8',
      'RateLimit-Policy': '"ip";q=20;w=60',
    });
    expect(rateLimitHeaders(decision({ global }, refused('global', 8_000)))).toEqual({ 'Retry-After': '8' });
  });

  it('is told in the policies of callers whose scope is named, and never what is left of it', () => {
    const limits = { user: state(100, 41), global: state(600, 1, { by: 'global' }) };

    expect(rateLimitHeaders(decision(limits), { discloseTo: ['user'], quotas: 'all' })).toEqual({
      'RateLimit-Policy': '"user";q=100;w=60, "global";q=600;w=60',
      RateLimit: '"user";r=41;t=25',
    });
  });

  it('is told everybody, if the shared scope itself is named', () => {
    const used = decision({ global }, refused('global', 8_000));

    expect(rateLimitHeaders(used, { discloseTo: ['global'] })).toEqual({
      'Retry-After': '8',
      'RateLimit-Policy': '"global";q=600;w=60',
    });
  });
});

describe('header fields near a limit', () => {
  it('are sent when less than a fifth of one is left', () => {
    const plenty = decision({ user: state(100, 20), expensive: state(10, 2) });
    const scarce = decision({ user: state(100, 19), expensive: state(10, 2) });

    expect(rateLimitHeaders(plenty, { send: 'near-limit' })).toEqual({});
    expect(rateLimitHeaders(scarce, { send: 'near-limit' })).toEqual({
      'RateLimit-Policy': '"user";q=100;w=60, "expensive";q=10;w=60',
      RateLimit: '"user";r=19;t=12',
    });
  });

  it('are sent when less than a fifth of a burst is left, where there is one', () => {
    const limits = { user: state(100, 2, { burst: 10 }) };

    expect(rateLimitHeaders(decision(limits), { send: 'near-limit' })).toEqual({});
  });

  it('are sent after a refusal in any case', () => {
    const limits = { user: state(10, 5, { retryAfterMs: 1_000 }) };

    expect(rateLimitHeaders(decision(limits, refused('user', 1_000)), { send: 'near-limit' })).toEqual({
      'Retry-After': '30',
      'RateLimit-Policy': '"user";q=10;w=60',
      RateLimit: '"user";r=5;t=30',
    });
  });
});

describe('the partition key', () => {
  const partitionSecret = 'correct horse battery';
  const keyOf = (options: { readonly subject?: string | Record<string, string>; readonly secret?: string }) =>
    /pk=:([^:]*):/.exec(
      rateLimitHeaders(decision({ user: state(100, 41) }), {
        partitionSecret: options.secret ?? partitionSecret,
        subject: options.subject,
      })['RateLimit'] ?? '',
    )?.[1];

  it('is nine bytes that tell subjects apart, by a secret', () => {
    expect(Buffer.from(keyOf({ subject: 'alice' }) ?? '', 'base64')).toHaveLength(9);
    expect(keyOf({ subject: { user: 'alice' } })).toBe(keyOf({ subject: 'alice' }));
    expect(keyOf({ subject: 'bob' })).not.toBe(keyOf({ subject: 'alice' }));
    expect(keyOf({ subject: 'alice', secret: `${partitionSecret}!` })).not.toBe(keyOf({ subject: 'alice' }));
  });

  it('is left out for a subject that is unknown', () => {
    expect(keyOf({})).toBeUndefined();
    expect(keyOf({ subject: { ip: '1.2.3.4' } })).toBeUndefined();
  });
});

describe('Retry-After', () => {
  const clock = new ManualClock();
  const used = decision({ user: state(1, 0, { retryAfterMs: 40_000 }) }, refused('user', 40_000));
  const waitOf = (subject: string): number =>
    Number(rateLimitHeaders(used, { subject, clock })['Retry-After']);

  it('spreads clients by at most a quarter and 5 s, each to the same second', () => {
    const waits = Array.from({ length: 200 }, (_, i) => waitOf(`user ${i}`));

    expect(new Set(waits)).toEqual(new Set([41, 42, 43, 44, 45]));
    expect(waitOf('user 7')).toBe(waits[7]);
  });

  it('gives each client another second in another window', async () => {
    const waits = new Set<number>();
    for (let i = 0; i < 20; i += 1) {
      waits.add(waitOf('alice'));
      await clock.advance(60_000);
    }

    expect(waits.size).toBeGreaterThan(2);
  });

  it('tells subjects of several scopes apart by all of them', () => {
    const waits = Array.from(
      { length: 50 },
      (_, i) => rateLimitHeaders(used, { subject: { ip: '1.2.3.4', user: `${i}` }, clock })['Retry-After'],
    );

    expect(new Set(waits).size).toBeGreaterThan(2);
  });

  it('is at least a second', () => {
    expect(rateLimitHeaders(decision({}, refused('gone', 0)))['Retry-After']).toBe('1');
  });
});
