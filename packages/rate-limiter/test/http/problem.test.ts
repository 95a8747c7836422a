import { rateLimitProblem } from '@holdfast/rate-limiter/http';
import { describe, expect, it } from 'vitest';
import { decision, refused, state } from './decisions.ts';

const own = state(20, 0);
const global = state(600, 0, { by: 'global' });
const burst = state(50, 0, { countsAttempts: true });

const quotaExceeded =
  '{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Quota exceeded","status":429,"violated-policies":["expensive"]}';
const reducedCapacity =
  '{"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity","title":"Temporarily reduced capacity","status":503,"violated-policies":["global"]}';
const abnormalUsage =
  '{"type":"https://iana.org/assignments/http-problem-types#abnormal-usage-detected","title":"Abnormal request pattern","status":429,"violated-policies":["burst"]}';

describe('rateLimitProblem', () => {
  it('is a 429 when the caller’s own quota is used up', () => {
    const problem = rateLimitProblem(decision({ expensive: own }, refused('expensive', 3_000)));

    expect(JSON.stringify(problem)).toBe(quotaExceeded);
  });

  it('is a 503 when only limits refused that everybody shares', () => {
    const problem = rateLimitProblem(decision({ own, global }, refused('global', 8_000)));

    expect(JSON.stringify(problem)).toBe(reducedCapacity);
  });

  it('is a 429 of abnormal usage when a limit refused that counts attempts', () => {
    const problem = rateLimitProblem(decision({ burst }, refused('burst', 9_600)));

    expect(JSON.stringify(problem)).toBe(abnormalUsage);
  });

  it('is a 429 when own and shared limits refused', () => {
    const both = { ...refused('own', 8_000), violated: ['own', 'global'] };

    expect(rateLimitProblem(decision({ own, global }, both))?.status).toBe(429);
  });

  it('is a 429 of abnormal usage for a blocked subject', () => {
    const blocked = decision({ own }, { allowed: false, blocked: true, retryAfterMs: 60_000 });

    expect(rateLimitProblem(blocked)).toMatchObject({
      type: expect.stringContaining('abnormal-usage-detected'),
      status: 429,
    });
  });

  it('is a 503 when the store could not be asked', () => {
    const failed = { ...refused('own', 1_000), source: 'local', storeFailed: true } as const;

    expect(rateLimitProblem(decision({ own }, failed))).toMatchObject({
      type: expect.stringContaining('temporary-reduced-capacity'),
      status: 503,
    });
  });

  it('is undefined for an allowed call', () => {
    expect(rateLimitProblem(decision({ own }))).toBeUndefined();
  });
});
